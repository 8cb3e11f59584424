package import Machine

/// Reads which machine it is.
package struct HostReading: Sendable {
    private let tree: any FileTree

    /// Where a recorded machine keeps its id, inside the root.
    package static let recordedID = "/host-id"

    /// A reader of the machine in `tree`.
    package init(tree: any FileTree) { self.tree = tree }

    /// The machine's id and name, as far as they can be read.
    package func read() -> Host { Host(id: id, name: word("/proc/sys/kernel/hostname")) }

    /// machine-id(5) calls the id itself confidential: a digest that many ids share can stand in plans and bug reports.
    private var id: String? {
        if !tree.isLive, let recorded = word(Self.recordedID) { return recorded }
        guard let id = word("/etc/machine-id"), id != "uninitialized" else { return nil }
        return digest(of: ["daxswitch", id])
    }

    private func word(_ path: String) -> String? {
        tree.optionalValue(path).flatMap { $0.isEmpty ? nil : $0 }
    }
}
