import Foundation
import Inspection
import Machine
import Testing

@testable import Persistence

@Suite("A choice that the boot loader must be told")
struct BootLoaderTests {
    private let modprobe = "/etc/modprobe.d/01-daxswitch.conf"
    private let dropIn = "/etc/default/grub.d/99-daxswitch.cfg"

    /// Makes `choice` hold on `host`, as `persist --update-boot-loader` does.
    private func persist(
        _ choice: BootChoice?,
        on host: BootLoaderHost,
        interruption: @escaping () -> String? = { nil }
    ) throws {
        let system = host.system
        let need = try BootLoaderNeed(of: choice, on: choice == nil ? nil : host.machine(), system)
        let plan = try BootPlan(choice: choice, builder: nil, loader: need.loader, present: try system.present())
        try Persisting(on: system, interruption: interruption).carryOut(plan, rebuildingBy: nil, changing: need.change)
    }

    @Test(
        "hmem gives the parameter to every entry of this host, cxl and --clear take it away",
        arguments: BootLoader.allCases
    )
    func thereAndBack(loader: BootLoader) throws {
        for end in [BootChoice.cxl, nil] {
            let host = try BootLoaderHost(loader)
            let before = host.options
            try persist(.hmem, on: host)
            #expect(host.options == "\(before) \(BootLoaderHost.parameter)")
            #expect(try #require(host.text(modprobe)).contains("by \(loader.rawValue)"))
            #expect((host.text(dropIn) != nil) == (loader == .grub))
            let need = try BootLoaderNeed(of: .hmem, on: host.machine(), host.system)
            #expect(need.loader == loader && need.pending == [])
            try persist(end, on: host)
            #expect(host.options == before)
            #expect(host.text(dropIn) == nil)
            #expect((host.text(modprobe) == nil) == (end == nil))
        }
    }

    @Test("another initcall_blacklist= list stays, also where grubby puts one value in place of another")
    func otherList() throws {
        let host = try BootLoaderHost(.grubby, options: "root=/dev/vda1 initcall_blacklist=a,b")
        try persist(.hmem, on: host)
        #expect(host.options == "root=/dev/vda1 initcall_blacklist=a,b,cxl_acpi_init")
        try persist(.cxl, on: host)
        #expect(host.options == "root=/dev/vda1 initcall_blacklist=a,b")
    }

    @Test("entries with different lists, which grubby would make alike: refused, nothing is written")
    func differentLists() throws {
        let host = try BootLoaderHost(.grubby, options: "root=/dev/vda1 initcall_blacklist=a")
        try host.write(
            "title old\nlinux /5.14/linux\noptions root=/dev/vda1 initcall_blacklist=b\n",
            to: "/boot/loader/entries/y.conf"
        )
        let error = #expect(throws: PersistenceError.self) { try persist(.hmem, on: host) }
        #expect(error?.code == .bootLoader)
        #expect(host.text(modprobe) == nil && host.commands.isEmpty)
    }

    @Test(
        "a program that fails, or does not do it: everything is as before, and the error names the file",
        arguments: BootLoader.allCases
    )
    func failing(loader: BootLoader) throws {
        for status in [Int32(1), 0] {
            let host = try BootLoaderHost(loader)
            let (before, cmdline) = (host.options, host.text(BootParameter.path))
            host.failure = { $0 == 1 ? status : nil }
            let error = #expect(throws: PersistenceError.self) { try persist(.hmem, on: host) }
            #expect(error?.code == .bootLoader)
            if status == 0 {
                #expect(error?.message.contains(loader == .grub ? BootLoaderHost.grub : BootLoaderHost.entry) == true)
            }
            #expect(host.options == before && host.text(modprobe) == nil && host.text(dropIn) == nil)
            #expect(host.text(BootParameter.path) == cmdline)
            #expect(try host.system.journal() == nil)
        }
    }

    @Test("killed while the boot loader is changed: recover puts it back", arguments: BootLoader.allCases)
    func killed(loader: BootLoader) throws {
        let host = try BootLoaderHost(loader)
        let (before, cmdline) = (host.options, host.text(BootParameter.path))
        try persist(.hmem, on: host)
        let after = host.options
        try persist(nil, on: host)
        // What a run that was killed behind its program has left: the journal, the files, and the entries.
        var journal = ChoiceJournal(files: [:], images: host.system.images)
        journal.bootLoader = ChoiceJournal.FormerBootLoader(name: loader.rawValue, hadParameter: false)
        try persist(.hmem, on: host)
        try host.system.write(journal)
        #expect(host.options == after)
        let error = #expect(throws: PersistenceError.self) {
            try Persisting(on: host.system).carryOut(.nothing, rebuildingBy: nil)
        }
        #expect(error?.code == .unfinished && error?.message.contains("--update-boot-loader") == true)
        #expect(try Persisting(on: host.system).recover() != nil)
        #expect(host.options == before && host.text(modprobe) == nil && host.text(BootParameter.path) == cmdline)
        #expect(try host.system.journal() == nil)
    }

    @Test("it can't be put back: the journal stays, and recover goes on later")
    func halfDone() throws {
        let host = try BootLoaderHost(.grubby)
        let before = host.options
        host.failure = { _ in 1 }
        let error = #expect(throws: PersistenceError.self) { try persist(.hmem, on: host) }
        #expect(error?.code == .halfDone)
        #expect(try host.system.journal() != nil)
        host.failure = nil
        _ = try Persisting(on: host.system).recover()
        #expect(host.options == before)
        #expect(try host.system.journal() == nil)
    }

    @Test("a signal between the files and the boot loader: everything is put back, and no program runs")
    func interrupted() throws {
        let host = try BootLoaderHost(.grub)
        var asked = 0
        let error = #expect(throws: PersistenceError.self) {
            try persist(.hmem, on: host) {
                asked += 1
                return asked > 2 ? "SIGTERM" : nil
            }
        }
        #expect(error?.code == .interrupted)
        #expect(host.commands.isEmpty && host.text(modprobe) == nil && host.text(dropIn) == nil)
    }

    @Test("a parameter that somebody else has put there: hmem needs no more, and --clear leaves it")
    func foreign() throws {
        let host = try BootLoaderHost(.grubby, options: "root=/dev/vda1 \(BootLoaderHost.parameter)")
        try persist(.hmem, on: host)
        #expect(host.commands.isEmpty)
        try persist(nil, on: host)
        #expect(host.commands.isEmpty && host.options.contains(BootLoaderHost.parameter))
    }

    @Test("a line of others in GRUB's settings: cxl is refused with its place")
    func foreignInGrub() throws {
        let host = try BootLoaderHost(.grub, options: "root=/dev/vda1 \(BootLoaderHost.parameter)")
        try host.write("# ours\nGRUB_CMDLINE_LINUX=\"\(BootLoaderHost.parameter)\"\n", to: "/etc/default/grub")
        let error = #expect(throws: PersistenceError.self) { try persist(.cxl, on: host) }
        #expect(error?.code == .blacklisted)
        #expect(error?.message.contains("/etc/default/grub:2 ") == true)
    }

    @Test("no known boot loader: refused with the parameter; with it on the command line nothing more is needed")
    func unknownLoader() throws {
        let host = try BootLoaderHost(.grubby)
        let other = BootSystem(root: host.root + "/proc")
        let error = #expect(throws: PersistenceError.self) { try BootLoaderNeed(of: .hmem, on: host.machine(), other) }
        #expect(error?.code == .notKept && error?.message.contains(BootLoaderHost.parameter) == true)
        let line = "ro initcall_blacklist=x,cxl_acpi_init"
        #expect(try BootLoaderNeed(of: .hmem, on: host.machine(line), other).change == nil)
        let cxl = #expect(throws: PersistenceError.self) { try BootLoaderNeed(of: .cxl, on: host.machine(line), other) }
        #expect(cxl?.code == .blacklisted)
    }

    @Test("cxl_acpi as a module: the boot loader has nothing to do with it")
    func module() throws {
        let host = try BootLoaderHost(.grub)
        var machine = host.machine()
        machine.modules.builtin = []
        for choice in [BootChoice.hmem, .cxl] {
            let need = try BootLoaderNeed(of: choice, on: machine, host.system)
            #expect(need.change == nil && need.loader == nil)
        }
    }

    @Test("which boot loader it is: systemd-boot before a GRUB that is installed too")
    func found() {
        let both: Set = [
            "/usr/sbin/update-grub", "/boot/grub/grub.cfg", "/usr/bin/kernel-install", "/etc/kernel/cmdline",
        ]
        #expect(BootLoader.find(isSystemdBoot: false, both.contains) == .grub)
        #expect(BootLoader.find(isSystemdBoot: true, both.contains) == .kernelInstall)
        #expect(
            BootLoader.find(isSystemdBoot: false, both.subtracting(["/boot/grub/grub.cfg"]).contains) == .kernelInstall
        )
        #expect(BootLoader.find(isSystemdBoot: true) { _ in false } == nil)
    }

    @Test("a damaged /etc/kernel/cmdline is found before anything is written")
    func unparsable() throws {
        let host = try BootLoaderHost(.kernelInstall)
        try host.write("ro\nquiet\n", to: BootParameter.path)
        let change = try host.system.change(.kernelInstall, to: true)
        #expect(throws: PersistenceError.self) { try host.system.check(change) }
        #expect(throws: PersistenceError.self) { try persist(.hmem, on: host) }
        #expect(host.text(BootParameter.path) == "ro\nquiet\n" && host.text(modprobe) == nil)
    }

    @Test("/etc/kernel/cmdline keeps its mode, and a file beside it stays")
    func mode() throws {
        let host = try BootLoaderHost(.kernelInstall)
        let files = FileManager.default
        let path = host.root + BootParameter.path
        try files.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        try host.write("mine", to: "\(BootParameter.path).new")
        try persist(.hmem, on: host)
        #expect(host.text(BootParameter.path)?.contains(BootLoaderHost.parameter) == true)
        #expect(try files.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        #expect(host.text("\(BootParameter.path).new") == "mine")
    }

    @Test("/etc/kernel/cmdline that is a link is not replaced")
    func link() throws {
        let host = try BootLoaderHost(.kernelInstall)
        let files = FileManager.default
        let path = host.root + BootParameter.path
        try files.moveItem(atPath: path, toPath: "\(path).d")
        try files.createSymbolicLink(atPath: path, withDestinationPath: "cmdline.d")
        #expect(throws: PersistenceError.self) { try host.system.check(host.system.change(.kernelInstall, to: true)) }
        #expect(throws: PersistenceError.self) { try persist(.hmem, on: host) }
        #expect(try files.destinationOfSymbolicLink(atPath: path) == "cmdline.d")
        #expect(host.text(modprobe) == nil && host.commands.isEmpty)
    }

    @Test("no kernel's image is found: kernel-install can't make an entry, and nothing is written")
    func withoutImages() throws {
        let host = try BootLoaderHost(.kernelInstall)
        try FileManager.default.removeItem(atPath: host.root + "/boot")
        let before = host.text(BootParameter.path)
        let error = #expect(throws: PersistenceError.self) { try persist(.hmem, on: host) }
        #expect(error?.code == .bootLoader)
        #expect(host.text(BootParameter.path) == before && host.text(modprobe) == nil)
    }
}
