import Foundation
import Inspection
import LinuxSystem
import Machine
import Ownership
import Persistence
import Policy
import Reload
import TestCaptures
import Testing

@testable import daxswitch

/// No signal comes.
struct Undisturbed: Interrupts {
    var pending: String? { nil }
    func note(_ progress: RunProgress) {}
}

/// Notes when suspend and shutdown are kept away, and when they are allowed again.
final class NotedInhibitor: Inhibitor {
    private(set) var notes: [String] = []
    var failure: ReloadError?
    func inhibit(because reason: String) throws(ReloadError) {
        notes.append("inhibited")
        if let failure { throw failure }
    }
    func allow() { notes.append("allowed") }
    func note(_ what: String) { notes.append(what) }
}

@Suite("persist")
struct PersistTests {
    private let inhibitor = NotedInhibitor()
    private let root = TestCaptures.newDirectory()
    private var system: BootSystem { BootSystem(root: root) }

    /// A policy on a recorded machine, which a test may change.
    private func asked(
        _ policy: String,
        _ machine: (String, String, String) = ("7.3.4", "auto-reload", "dax_cxl-first"),
        change: (inout MachineState) -> Void = { _ in }
    ) throws -> PersistProposal.Asked {
        let root = try TestCaptures.root(kernel: machine.0, scenario: machine.1, machine.2)
        var machine = try Inspector(root: root.path).read()
        // Recordings have no list of modules; a running machine has one.
        machine.modules.dependencies = ["cxl_acpi": [], "dax_cxl": ["dax_hmem"], "dax_hmem": []]
        change(&machine)
        return .policy(try PolicyLibrary(folders: []).find(policy).policy, machine)
    }

    /// A system with initramfs-tools, where `make` makes the images and returns how it ends.
    private func making(_ make: @escaping () throws -> Int32) throws -> BootSystem {
        for program in ["update-initramfs", "mkinitramfs"] {
            try WholeFile.write([], to: "\(root)/usr/sbin/\(program)")
        }
        return BootSystem(root: root) { _, _ in try make() }
    }

    private func persister(
        on system: BootSystem,
        waitingUpTo limit: Duration = .zero,
        updatingInitramfs: Bool = false,
        updatingBootLoader: Bool = false,
        isDryRun: Bool = false,
        confirm: @escaping () throws -> Void = {}
    ) -> Persister {
        Persister(
            system: system,
            state: StateDirectory(root: root),
            waitingUpTo: limit,
            updatesInitramfs: updatingInitramfs,
            updatesBootLoader: updatingBootLoader,
            isDryRun: isDryRun,
            watch: { Undisturbed() },
            inhibitor: inhibitor,
            show: { _, _ in },
            confirm: confirm
        )
    }

    /// How `persist` of a policy ends on a system.
    private func persisted(
        _ policy: String = "hmem",
        on system: BootSystem,
        waitingUpTo limit: Duration = .zero,
        updatingInitramfs: Bool = true
    ) throws -> PersistReport.Outcome {
        var report = PersistReport()
        try persister(on: system, waitingUpTo: limit, updatingInitramfs: updatingInitramfs)
            .persist(try asked(policy), into: &report)
        return report.outcome
    }

    /// The image of a kernel, older than whatever is persisted.
    private func image(_ path: String) throws {
        try WholeFile.write([], to: "\(root)/lib/modules/6.12/modules.dep")
        try WholeFile.write([], to: "\(root)/lib/modules/6.11/modules.dep")
        try WholeFile.write([], to: "\(root)/\(path)")
        let attributes: [FileAttributeKey: Any] = [.modificationDate: Date.now - 60]
        try FileManager.default.setAttributes(attributes, ofItemAtPath: "\(root)/\(path)")
    }

    /// What `persist --dry-run` says for a recorded machine, with a directory that stands for its file system.
    private func report(
        _ policy: String,
        _ kernel: String,
        _ scenario: String,
        _ moment: String,
        change: (inout MachineState) -> Void = { _ in }
    ) throws -> PersistReport {
        var report = PersistReport()
        do {
            let asked = try asked(policy, (kernel, scenario, moment), change: change)
            try persister(on: system, isDryRun: true).persist(asked, into: &report)
        } catch {
            report.fail(error)
        }
        let data = Data(persistDocument(report).rendered.utf8)
        #expect(try Schema(named: "persist").problems(try JSONSerialization.jsonObject(with: data)) == [])
        return report
    }

    @Test("hmem over an unlocked region, which can't be had live, can be had from the next boot on")
    func unlocked() throws {
        let report = try report("hmem", "6.12.107", "auto-reload", "boot")
        #expect(report.status == .done)
        #expect(report.changes.map(\.path) == [Inspector.persistedPath])
        #expect(
            persistPlanText(report, rebuilds: false, style: Style(hasColour: false)).contains {
                $0.text == "    | install cxl_acpi /bin/false"
            }
        )
    }

    @Test("hmem over a window that nothing decodes: 3, by name")
    func undecoded() throws {
        let report = try report("hmem", "7.3.4", "no-region", "dax_cxl")
        #expect(report.hazards.map(\.id) == [.undecodedRange])
        #expect(report.status == .refused)
    }

    @Test("a policy that no boot can lead to: 65, with the unit that applies it at boot")
    func notPersistable() throws {
        let error = try #require(try report("reload", "7.3.4", "auto-reload", "dax_cxl-first").error)
        #expect(error.status == .badData)
        #expect(error.message.contains("daxswitch-apply@reload.service"))
    }

    private func makeImage() throws {
        try WholeFile.write(
            Array("25 1 7:0 / / ro - squashfs /dev/loop0 ro\n".utf8),
            to: "\(root)/proc/self/mountinfo"
        )
    }

    @Test("an image-based system: refused, with the line for the kernel command line")
    func image() throws {
        try makeImage()
        let report = try report("hmem", "7.3.4", "auto-reload", "dax_cxl-first")
        #expect(report.error?.status == .refused)
        #expect(report.commandLine == "module_blacklist=cxl_acpi")
        #expect(report.error?.message.contains("module_blacklist=cxl_acpi") == true)
    }

    @Test("an image-based system with a hazard: the hazard is shown, and no line for the kernel command line")
    func imageWithHazard() throws {
        try makeImage()
        let report = try report("hmem", "7.3.4", "no-region", "dax_cxl")
        #expect(report.error?.status == .refused && report.commandLine == nil)
        #expect(report.error?.message.contains("module_blacklist") == false)
        #expect(report.hazards.map(\.id) == [.undecodedRange])
        let text = persistText(report, style: Style(hasColour: false)).map(\.text).joined(separator: "\n")
        #expect(text.contains("undecoded-range"))
    }

    @Test(
        "an image-based system with cxl_acpi built in: module_blacklist= has no effect there, initcall_blacklist= has"
    )
    func imageWithBuiltin() throws {
        try makeImage()
        let report = try report("hmem", "7.3.4", "auto-reload", "dax_cxl-first") {
            $0.modules.loaded["cxl_acpi"] = nil
            $0.modules.builtin.insert("cxl_acpi")
            $0.kernel.commandLine = KernelCommandLine("ro module_blacklist=cxl_acpi")
        }
        #expect(report.status == .refused && report.commandLine == "initcall_blacklist=cxl_acpi_init")
        #expect(report.error?.code == "not-kept")
    }

    @Test("an image system: the line of its own tool")
    func imageSystem() throws {
        try WholeFile.write([], to: "\(root)/run/ostree-booted")
        try WholeFile.write([], to: "\(root)/usr/bin/rpm-ostree")
        let report = try report("hmem", "7.3.4", "auto-reload", "dax_cxl-first")
        #expect(report.error?.message.hasSuffix(": rpm-ostree kargs --append=module_blacklist=cxl_acpi") == true)
    }

    @Test("an image-based system with the line on its command line: nothing to do, nor for --clear")
    func steadyImage() throws {
        try makeImage()
        let line = "module_blacklist=cxl_acpi"
        let report = try report("hmem", "7.3.4", "auto-reload", "dax_cxl-first") {
            $0.kernel.commandLine = KernelCommandLine("ro \(line)")
        }
        #expect(report.status == .done)
        #expect(report.changes == [] && report.commandLine == nil)
        let text = persistPlanText(report, rebuilds: false, style: Style(hasColour: false)).map(\.text).joined(
            separator: "\n"
        )
        #expect(text.contains("already has \(line)"))
        var clear = PersistReport()
        try persister(on: system).persist(.nothing, into: &clear)
        #expect(clear.outcome == .nothingToDo && clear.status == .done)
    }

    @Test("a machine without Soft Reserved memory, window and region: 69 for every policy, and --clear works")
    func nothingToDecide() throws {
        for policy in ["hmem", "cxl", "reload"] {
            let report = try report(policy, "7.3.4", "auto-reload", "dax_cxl-first") {
                $0.softReserved = []
                $0.windows = []
                $0.regions = []
            }
            #expect(report.error?.code == "nothing-to-decide" && report.status == .missing)
        }
        var clear = PersistReport()
        try persister(on: system).persist(.nothing, into: &clear)
        #expect(clear.status == .done)
    }

    @Test("Soft Reserved memory and no module loaded: from the next boot on")
    func notLoaded() throws {
        let report = try report("hmem", "7.3.4", "auto-reload", "dax_cxl-first") { $0.modules.loaded = [:] }
        #expect(report.status == .done && report.changes.map(\.path) == [Inspector.persistedPath])
    }

    @Test("dax_hmem kept out by a blacklist of modprobe: 3, by its place")
    func blacklisted() throws {
        try system.put("blacklist dax_hmem\n", at: "/etc/modprobe.d/local.conf")
        let report = try report("hmem", "7.3.4", "auto-reload", "dax_cxl-first")
        #expect(report.error?.code == "blacklisted" && report.status == .refused)
        #expect(report.error?.message.contains("/etc/modprobe.d/local.conf:1") == true)
    }

    @Test("--update-initramfs with an image that no builder makes, twice: the second time there is nothing to do")
    func foreignImage() throws {
        try image("boot/initrd.img-6.12")
        try image("boot/initrd.img-6.12.old-dkms")
        let system = try making {
            try Data().write(to: URL(fileURLWithPath: "\(root)/boot/initrd.img-6.12"))
            return 0
        }
        #expect(try persisted(on: system) == .done && persisted(on: system) == .nothingToDo)
    }

    @Test(
        "--update-initramfs after a persist without it: rebuilt, wherever the image lies",
        arguments: ["efi/abc/6.12/initrd", "efi/EFI/Linux/6.12.efi"]
    )
    func elsewhere(path: String) throws {
        try image(path)
        let system = try making {
            try Data().write(to: URL(fileURLWithPath: "\(root)/\(path)"))
            return 0
        }
        #expect(try persisted(on: system, updatingInitramfs: false) == .done)
        #expect(try persisted(on: system) == .done)
    }

    @Test(
        "a builder that fails half-way twice: changed, with the image by name; one that makes nothing: failed, unchanged"
    )
    func halfWay() throws {
        try image("boot/initrd.img-6.11")
        try image("boot/initrd.img-6.12")
        var runs = 0
        let failing = try making {
            runs += 1
            if runs == 1 { try Data().write(to: URL(fileURLWithPath: "\(root)/boot/initrd.img-6.11")) }
            return 1
        }
        var report = PersistReport()
        do { _ = try persisted(on: failing) } catch { report.fail(error) }
        #expect(report.error?.code == "half-rebuilt" && report.isChanged && report.status == .failed)
        #expect(report.error?.message.contains("/boot/initrd.img-6.11") == true)
        #expect(
            persistText(report, style: Style(hasColour: false)) == [
                "Failed. The files are restored; an initramfs was not."
            ]
        )

        report = PersistReport()
        do { _ = try persisted(on: making { 0 }) } catch { report.fail(error) }
        #expect(report.error?.code == "not-rebuilt" && !report.isChanged && report.status == .failed)
        #expect(try system.present().isEmpty)
    }

    @Test("another daxswitch at work: 75 at once, or it is waited for")
    func waiting() throws {
        let state = StateDirectory(root: root)
        let isTaken = DispatchSemaphore(value: 0)
        DispatchQueue.global().async {
            do {
                let lock = try Lock(state)
                isTaken.signal()
                usleep(300_000)
                withExtendedLifetime(lock) {}
            } catch {
                Issue.record(error)
            }
        }
        isTaken.wait()
        let error = try #require(throws: ReloadError.self) {
            _ = try persisted(on: system, updatingInitramfs: false)
        }
        #expect(Failure(error).status == .busy)
        #expect(try persisted(on: system, waitingUpTo: .seconds(10), updatingInitramfs: false) == .done)
    }

    @Test(
        "suspend and shutdown are kept away while the initramfs is built, however that ends, and at no other time",
        arguments: [(true, 0), (true, 1), (false, 0)] as [(Bool, Int32)]
    )
    func inhibited(isBuilt: Bool, ending status: Int32) throws {
        try image("boot/initrd.img-6.12")
        let system = try making {
            inhibitor.note("built")
            return status
        }
        _ = try? persisted(on: system, updatingInitramfs: isBuilt)
        #expect(inhibitor.notes == (isBuilt ? ["inhibited", "built", "allowed"] : []))
    }

    @Test("without logind the initramfs is built too")
    func notInhibited() throws {
        inhibitor.failure = ReloadError(.unavailable, "/usr/bin/systemd-inhibit is not there")
        #expect(try persisted(on: try making { 0 }) == .done)
        #expect(inhibitor.notes == ["inhibited", "allowed"])
    }

    @Test("what another one has persisted meanwhile is looked at again", arguments: ["hmem", "cxl"])
    func meanwhile(other: String) throws {
        var report = PersistReport()
        let persister = persister(
            on: system,
            confirm: { _ = try persisted(other, on: system, updatingInitramfs: false) }
        )
        try persister.persist(try asked("hmem"), into: &report)
        #expect(report.outcome == (other == "hmem" ? .nothingToDo : .done))
        #expect(try system.present()[Inspector.persistedPath]?.contains("install cxl_acpi") == true)
    }

    @Test("the command line: a policy or --clear, and a wait of a day at most")
    func usage() throws {
        for arguments in [
            ["persist"], ["persist", "hmem", "--clear"],
            ["persist", "hmem", "--yes", "--wait", "86401"],
        ] {
            #expect(try Tool.run(arguments).status == 64)
        }
    }
}
