import Inspection
import LinuxSystem
package import Machine

/// What writes the kernel command line of the next boots on this system.
package enum BootLoader: String, Sendable, CaseIterable {
    /// GRUB with `update-grub`, which reads `/etc/default/grub.d` (Debian, Ubuntu).
    case grub
    /// `grubby`, for the entries of the boot loader specification (RHEL, Fedora, Oracle).
    case grubby
    /// `kernelstub` (Pop!_OS).
    case kernelstub
    /// `kernel-install`, which reads `/etc/kernel/cmdline`: systemd-boot and unified kernel images.
    case kernelInstall = "kernel-install"

    /// The parameter that leaves out `cxl_acpi` where it is part of the kernel image. The kernel takes every `initcall_blacklist=`
    /// (init/main.c: initcall_blacklist()).
    package static let parameter = "\(key)=\(KernelCommandLine.cxlAcpiInitcall)"
    static let key = "initcall_blacklist"

    /// Where systemd-boot, and whoever else follows its interface, says who started the kernel, in UTF-16.
    static let loaderInfo = "/sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"

    /// The files by which `find` tells the loader.
    static let files = [
        "/usr/bin/kernelstub", "/etc/kernelstub/configuration", "/usr/sbin/grubby", "/usr/sbin/update-grub",
        "/boot/grub/grub.cfg", "/usr/bin/kernel-install", BootParameter.path,
    ]

    /// The one among the files for which `exists` holds.
    ///
    /// - Parameter isSystemdBoot: systemd-boot started this kernel: then GRUB, where it is installed too, has no say.
    static func find(isSystemdBoot: Bool, _ exists: (String) -> Bool) -> BootLoader? {
        if exists("/usr/bin/kernelstub") && exists("/etc/kernelstub/configuration") { return .kernelstub }
        if exists("/usr/sbin/grubby") { return .grubby }
        if !isSystemdBoot && exists("/usr/sbin/update-grub") && exists("/boot/grub/grub.cfg") { return .grub }
        return exists("/usr/bin/kernel-install") && exists(BootParameter.path) ? .kernelInstall : nil
    }

    /// The commands that give the parameter to all entries, or take it away.
    ///
    /// - Parameters:
    ///   - others: What else the entries have in `initcall_blacklist=`: grubby puts one value in place of another
    ///     (grubby(8): "If an argument already exists the new value replaces the old values").
    ///   - kernels: The kernels with their images.
    func commands(adding isWanted: Bool, besides others: [String], for kernels: [(release: String, image: String)])
        -> [[String]]
    {
        switch self {
        case .grub: [["/usr/sbin/update-grub"]]
        case .grubby:
            if isWanted || !others.isEmpty {
                [
                    [
                        "/usr/sbin/grubby", "--update-kernel=ALL",
                        "--args=\(Self.key)="
                            + (others + (isWanted ? [KernelCommandLine.cxlAcpiInitcall] : [])).joined(separator: ","),
                    ]
                ]
            } else {
                [["/usr/sbin/grubby", "--update-kernel=ALL", "--remove-args=\(Self.parameter)"]]
            }
        case .kernelstub: [["/usr/bin/kernelstub", isWanted ? "--add-options" : "--delete-options", Self.parameter]]
        case .kernelInstall: kernels.map { ["/usr/bin/kernel-install", "add", $0.release, $0.image] }
        }
    }
}

/// What the boot loader is to have from the next boot on.
package struct BootLoaderChange: Sendable, Equatable {
    /// What writes it.
    package let loader: BootLoader
    /// The parameter is to be there.
    package let isWanted: Bool
    /// What is done for it, each a program with its arguments.
    package let commands: [[String]]
}

extension BootSystem {
    /// What writes the kernel command line, by its files; nil where nothing known is there.
    package var bootLoader: BootLoader? {
        // The image's own tools write it there.
        if kind.image != nil { return nil }
        // Each character has a byte of zero behind it.
        let info = String(decoding: (read(BootLoader.loaderInfo) ?? []).filter { $0 != 0 }, as: UTF8.self)
        return BootLoader.find(isSystemdBoot: info.contains("systemd-boot"), exists)
    }

    /// What the entries of the boot loader start this host's kernels with.
    package var bootEntries: [BootEntry] { BootEntryReading(tree: tree).entries(startedWith: commandLine) }

    private var commandLine: KernelCommandLine {
        KernelCommandLine(String(decoding: read("/proc/cmdline") ?? [], as: UTF8.self))
    }

    /// What gives the parameter to the entries, or takes it away.
    ///
    /// - Throws: `PersistenceError` `.bootLoader` if the entries differ in what grubby would make alike.
    package func change(_ loader: BootLoader, to isWanted: Bool) throws(PersistenceError) -> BootLoaderChange {
        var others: [String] = []
        if loader == .grubby {
            let lists = Set(bootEntries.map { $0.commandLine.otherInitcalls })
            guard lists.count < 2 else {
                throw PersistenceError(
                    .bootLoader,
                    "the boot entries have different \(BootLoader.key)= lists, but grubby sets one list for all of them: "
                        + "\(isWanted ? "add \(KernelCommandLine.cxlAcpiInitcall) to" : "remove \(KernelCommandLine.cxlAcpiInitcall) from") each entry by hand"
                )
            }
            others = lists.first ?? []
        }
        return BootLoaderChange(
            loader: loader,
            isWanted: isWanted,
            commands: loader.commands(adding: isWanted, besides: others, for: kernels)
        )
    }

    /// Whether the boot loader has the parameter: as its entries say, or, where none can be read, as `files` say what was persisted.
    func hasParameter(files: [String: String]) -> Bool {
        let entries = bootEntries
        return entries.isEmpty
            ? PersistedFile.loader(namedIn: files[Inspector.persistedPath]) != nil
            : entries.allSatisfy { $0.commandLine.leavesOut("cxl_acpi") }
    }

    /// The kernels that have an image, with its path.
    private var kernels: [(release: String, image: String)] {
        releases.compactMap { release in
            ["/lib/modules/\(release)/vmlinuz", "/boot/vmlinuz-\(release)"].first(where: exists).map { (release, $0) }
        }
    }

    /// `/etc/kernel/cmdline` as it is to be.
    private func parameterFile(_ isWanted: Bool) throws(PersistenceError) -> String {
        try BootParameter(read(BootParameter.path)).text(isWanted)
    }

    /// Looks whether the file that a boot loader's entries are made from can be edited, and whether they can be made.
    ///
    /// - Throws: `PersistenceError` `.bootLoader`.
    package func check(_ change: BootLoaderChange) throws(PersistenceError) {
        guard change.loader == .kernelInstall else { return }
        // Another file in the place of a link would cut off whoever reads the one that it names.
        if let status = try? FileStatus(root + BootParameter.path, follows: false), status.kind != .regular {
            throw BootParameter.error("is not a regular file")
        }
        _ = try parameterFile(change.isWanted)
        guard change.commands.isEmpty else { return }
        throw PersistenceError(
            .bootLoader,
            "no kernel with a modules.dep has its image at /lib/modules/RELEASE/vmlinuz or /boot/vmlinuz-RELEASE, so kernel-install "
                + "can't create a boot entry. Edit \(BootParameter.path) and run kernel-install by hand"
        )
    }

    /// Carries `change` out; what the programs print goes to standard error.
    ///
    /// - Throws: `PersistenceError` `.bootLoader`; `.interrupted` if a program was stopped, `.halfDone` if it doesn't end.
    func update(_ change: BootLoaderChange, while goesOn: () -> Bool = { true }) throws(PersistenceError) {
        try check(change)
        if change.loader == .kernelInstall { try edit(parameterFile(change.isWanted), at: BootParameter.path) }
        for command in change.commands { try perform(command, failing: .bootLoader, while: goesOn) }
    }
}

extension KernelCommandLine {
    /// What else is left out by `initcall_blacklist=`.
    fileprivate var otherInitcalls: [String] {
        parameters.values(of: BootLoader.key).flatMap(\.commaSeparated).filter { $0 != Self.cxlAcpiInitcall }
    }
}
