internal import Machine

/// The configuration that the kernel was built with, where a distribution ships it as a file.
struct KernelConfiguration {
    let tree: any FileTree
    let release: String

    /// The file that says that the kernel has no CONFIG_EFI_SOFT_RESERVE; nil where no file says so.
    ///
    /// It is looked for only on a machine with windows whose memory is not left to drivers.
    func softReserveIsOff(_ state: MachineState) throws(InspectionError) -> String? {
        guard !state.windows.isEmpty, state.softReserved.isEmpty else { return nil }
        for path in ["/boot/config-\(release)", "/lib/modules/\(release)/config"] {
            guard let bytes = try tree.read(path) else { continue }
            return bytes.holds("# CONFIG_EFI_SOFT_RESERVE is not set") ? path : nil
        }
        return nil
    }
}
