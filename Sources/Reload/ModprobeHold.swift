import Glibc

/// The hold: a drop-in for modprobe that keeps `cxl_acpi` out until it is taken away or the host reboots.
///
/// libkmod ignores `install` commands of a module that has soft dependencies, and `cxl_acpi` has one
/// (`__kmod_module_fill_softdep()`, `ignorecmd`). An empty softdep line of our own that sorts before
/// `modules.softdep` wins, and then `install` counts again. It works against softdep, request_module and udev alike.
public struct ModprobeHold: HoldControl {
    private let path: String

    /// The drop-in below `state`.
    public init(_ state: StateDirectory) { path = state.hold }

    static let text = """
        # Written by daxswitch: keeps cxl_acpi out while dax_hmem owns the Soft Reserved memory.
        # `daxswitch apply cxl` takes it away; it does not outlive this boot.
        softdep cxl_acpi pre:
        install cxl_acpi /bin/false

        """

    /// Writes the drop-in.
    public func hold() throws(ReloadError) { try StateDirectory.write(Array(Self.text.utf8), to: path) }

    /// Removes the drop-in.
    public func release() throws(ReloadError) { try StateDirectory.remove(path) }
}
