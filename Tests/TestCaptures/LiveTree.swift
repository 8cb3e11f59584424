package import Inspection

/// A recorded machine that is read as the running one, in this process.
package struct LiveTree: FileTree {
    private let tree: any FileTree

    /// The machine in `tree`.
    package init(_ tree: any FileTree) { self.tree = tree }

    /// It takes itself for the running machine.
    package var isLive: Bool { true }

    /// The path as the running machine has it.
    package func display(_ path: String) -> String { path }

    /// As `tree` has it.
    package func read(_ path: String) throws(InspectionError) -> [UInt8]? { try tree.read(path) }

    /// As `tree` has it.
    package func list(_ path: String) throws(InspectionError) -> [String]? { try tree.list(path) }

    /// As `tree` has it.
    package func realPath(_ path: String) -> String? { tree.realPath(path) }

    /// As `tree` has it.
    package func linkTarget(_ path: String) -> String? { tree.linkTarget(path) }
}
