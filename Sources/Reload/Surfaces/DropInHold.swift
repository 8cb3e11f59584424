import Inspection
import Machine

/// The hold: two files in `/run` that keep `cxl_acpi` out until they are taken away or the host reboots.
///
/// The first is for modprobe, which the kernel and 6.x's soft dependency go through. libkmod ignores `install` commands
/// of a module that has soft dependencies, and `cxl_acpi` has one (`__kmod_module_fill_softdep()`, `ignorecmd`). An empty
/// softdep line of our own that sorts before `modules.softdep` wins, and then `install` counts again.
///
/// The second is for systemd-udevd, whose libkmod context watches only the configuration directories that were there
/// when it was opened (`kmod_validate_resources()`): with `/run/modprobe.d` made later it never sees the first file.
/// A device without a modalias loads nothing (80-drivers.rules). That is needed for dax_hmem's own devices too: the
/// module makes them while it starts, and a worker of udevd that finds it not yet live follows its `softdep pre: cxl_acpi`
/// before it waits for it. Rules are read again only after a while, so udevd is told of them.
///
/// Where `persist hmem` keeps `cxl_acpi` out, a release is a file as well: the first softdep line that libkmod finds
/// counts, and this name sorts before the persisted one.
package struct DropInHold: HoldControl {
    private let state: StateDirectory
    private let udev: any UdevControl

    /// The files below `state`, and who has to know of them.
    package init(_ state: StateDirectory, udev: any UdevControl) {
        self.state = state
        self.udev = udev
    }

    static let modprobeText = """
        # Written by daxswitch: keeps cxl_acpi out while dax_hmem owns the Soft Reserved memory.
        # `daxswitch apply cxl` removes this file. It is also gone after a reboot.
        softdep cxl_acpi pre:
        install cxl_acpi /bin/false

        """

    static let rulesText = """
        # Written by daxswitch, with /run/modprobe.d/00-daxswitch.conf: udev must not load cxl_acpi,
        # nor dax_hmem again, which would load cxl_acpi.
        ENV{MODALIAS}=="acpi*:ACPI0017:*", ENV{MODALIAS}=""
        ENV{MODALIAS}=="platform:hmem*", ENV{MODALIAS}=""

        """

    static let letInText = """
        # Written by daxswitch: allows cxl_acpi until the next boot, although `persist hmem` is set.
        softdep cxl_acpi pre: cxl_port

        """

    static let changeText = "Written by daxswitch: a hold or a release is in progress, or was interrupted.\n"

    /// Writes the files; udevd heeds them when this returns. Where that fails it is as it was.
    package func hold() throws(ReloadError) {
        let dropIn = try StateDirectory.read(state.hold)
        let rules = try StateDirectory.read(state.holdRules)
        try change { () throws(ReloadError) in
            do throws(ReloadError) {
                try StateDirectory.write(Array(Self.modprobeText.utf8), to: state.hold)
                try StateDirectory.write(Array(Self.rulesText.utf8), to: state.holdRules)
            } catch {
                guard (try? put(dropIn, at: state.hold)) != nil, (try? put(rules, at: state.holdRules)) != nil else {
                    throw error
                }
                try? StateDirectory.remove(state.holdChange)
                throw error
            }
        }
    }

    /// Does `body` with the mark that the files are being changed; it goes when udevd heeds them. A run that is killed in
    /// between, or that fails there, leaves the mark: neither a hold nor its end counts until it is whole.
    private func change(_ body: () throws(ReloadError) -> Void) throws(ReloadError) {
        try StateDirectory.write(Array(Self.changeText.utf8), to: state.holdChange)
        try body()
        udev.reload()
        try StateDirectory.remove(state.holdChange)
    }

    private func put(_ bytes: [UInt8]?, at path: String) throws(ReloadError) {
        if let bytes {
            try StateDirectory.write(bytes, to: path)
        } else {
            try StateDirectory.remove(path)
        }
    }

    /// Removes the files, or lets `cxl_acpi` in where it is persisted that it stays out; udevd heeds that when this returns.
    package func release() throws(ReloadError) {
        let letIn = try persisted() == .hmem ? Array(Self.letInText.utf8) : nil
        try change { () throws(ReloadError) in
            try StateDirectory.remove(state.holdRules)
            try put(letIn, at: state.hold)
        }
    }

    private func persisted() throws(ReloadError) -> BootChoice? {
        do {
            return try Inspector(root: state.root).readPersisted()
        } catch {
            throw ReloadError(.unavailable, error.message)
        }
    }
}
