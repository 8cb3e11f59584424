internal import LinuxSystem

/// The kernel log of a machine since it started, as far as it is kept.
package protocol KernelLog: Sendable {
    /// The lines, oldest first; nil where the log can't be read.
    func lines() -> [String]?
}

/// The log in the file `dmesg` of a recorded machine.
package struct RecordedKernelLog: KernelLog {
    private let tree: any FileTree

    /// The log of the machine in `tree`.
    package init(tree: any FileTree) { self.tree = tree }

    /// The lines of the file; nil where it is absent or unreadable.
    package func lines() -> [String]? {
        do {
            return try tree.text("/dmesg")?.lines.map(String.init)
        } catch {
            // The log only adds facts; without it the other sources stand alone.
            return nil
        }
    }
}

/// The log of the running kernel, from `/dev/kmsg`.
package struct RunningKernelLog: KernelLog {
    /// The log of this machine.
    package init() {}

    /// The records in the kernel's buffer; nil without the privilege.
    package func lines() -> [String]? {
        guard let log = try? KernelLogDevice() else { return nil }
        return log.records().map(\.text)
    }
}
