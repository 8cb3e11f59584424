internal import Inspection
import LinuxSystem
package import Machine

/// What the boot loader has to do with a choice: where `cxl_acpi` is part of the kernel image, only the kernel command line leaves it
/// out at a boot.
package struct BootLoaderNeed {
    /// The boot loader that has the parameter for the choice; nil where none needs it, or somebody else has put it there.
    package let loader: BootLoader?
    /// The change that is needed; nil if no change is needed.
    package let change: BootLoaderChange?
    /// The files with entries that are not as they are needed.
    package let pending: [String]
    /// Entries can be read, so `pending` tells.
    package let entriesAreKnown: Bool
    /// A boot loader needs the parameter for the choice, but the recording does not tell which one there is.
    package let isUnrecorded: Bool

    /// Nothing, as where files don't last and the kernel command line has the whole choice.
    package static let nothing = BootLoaderNeed(loader: nil, change: nil, entries: [])
    /// The parameter, from a boot loader that is not known.
    private static let unrecorded = BootLoaderNeed(loader: nil, change: nil, entries: [], isUnrecorded: true)

    private init(loader: BootLoader?, change: BootLoaderChange?, entries: [BootEntry], isUnrecorded: Bool = false) {
        self.isUnrecorded = isUnrecorded
        self.loader = loader
        self.change = change
        pending = change.map { entries.files(leavingOut: "cxl_acpi", is: !$0.isWanted) } ?? []
        entriesAreKnown = !entries.isEmpty
    }

    /// For `choice` on `system`, whose state `machine` is; nil is no choice, and asked for without looking at the machine.
    ///
    /// - Throws: `PersistenceError` `.notKept` if no known boot loader is there, `.blacklisted` if a line of others leaves `cxl_acpi`
    ///   out, `.bootLoader` if the entries don't let it be changed.
    package init(
        of choice: BootChoice?,
        on machine: MachineState?,
        _ system: BootSystem
    ) throws {
        let named = PersistedFile.loader(namedIn: try system.present()[Inspector.persistedPath])
        let entries = system.bootEntries
        let isLeftOut =
            entries.isEmpty
            ? machine?.kernel.commandLine.leavesOut("cxl_acpi") ?? false
            : entries.contains { $0.commandLine.leavesOut("cxl_acpi") }
        let isBuiltin = machine?.hasBuiltinCxlAcpi ?? false
        switch (choice, named) {
        case (.hmem, let named?):
            self.init(loader: named, change: try system.change(named, to: true), entries: entries)
        case (.hmem, nil):
            let isEverywhere = isLeftOut && entries.allSatisfy { $0.commandLine.leavesOut("cxl_acpi") }
            guard isBuiltin, !isEverywhere else {
                self = .nothing
                return
            }
            guard let loader = system.bootLoader else {
                guard system.knowsBootLoader else {
                    self = .unrecorded
                    return
                }
                throw Self.unknown(system)
            }
            self.init(loader: loader, change: try system.change(loader, to: true), entries: entries)
        case (_, let named?):
            self.init(loader: nil, change: try system.change(named, to: false), entries: entries)
        case (.cxl, nil) where isBuiltin && isLeftOut:
            guard let loader = system.bootLoader else { throw Self.leftOut("the kernel command line") }
            if loader == .grub, let place = system.placeInGrub { throw Self.leftOut(place) }
            self.init(loader: nil, change: try system.change(loader, to: false), entries: entries)
        case (_, nil): self = .nothing
        }
    }

    private static func unknown(_ system: BootSystem) -> PersistenceError {
        let line = system.kind.image.map { ": \($0.line(for: BootLoader.parameter))" } ?? ""
        return PersistenceError(
            .notKept,
            "cxl_acpi is built into the kernel, and there is no boot loader that daxswitch can change. Put "
                + "\(BootLoader.parameter) on the kernel command line yourself\(line)"
        )
    }

    private static func leftOut(_ place: String) -> PersistenceError {
        PersistenceError(
            .blacklisted,
            "cxl needs cxl_acpi, but \(place) skips it. Remove \(KernelCommandLine.cxlAcpiInitcall) from "
                + "\(BootLoader.key)= there, then run persist again"
        )
    }
}

extension BootSystem {
    /// The first line of GRUB's settings that skips `cxl_acpi` and is not ours.
    fileprivate var placeInGrub: String? {
        let directory = "/etc/default/grub.d"
        let files = names(directory).sorted().filter { $0.hasSuffix(".cfg") }.map { "\(directory)/\($0)" }
        for file in ["/etc/default/grub"] + files where !PersistedFile.paths.contains(file) {
            let lines = String(decoding: read(file) ?? [], as: UTF8.self).parts(at: "\n", keepingEmpty: true)
            let index = lines.firstIndex { $0.first != "#" && $0.contains(KernelCommandLine.cxlAcpiInitcall) }
            if let index { return "\(file):\(index + 1)" }
        }
        return nil
    }
}
