internal import LinuxSystem

/// A tree with files of another one over it: what one has, the other need not have.
///
/// A link of either leads only to files of the same one, or to the same path of the other.
struct LayeredTree: FileTree {
    /// Asked first.
    let top: StoredTree
    /// Asked for what the first does not have.
    let base: any FileTree

    var isLive: Bool { false }

    func display(_ path: String) -> String { top.exists(path) ? top.display(path) : base.display(path) }

    func read(_ path: String) throws(InspectionError) -> [UInt8]? {
        if top.has(top.realPath(path) ?? path) { return try top.read(path) }
        return try base.read(path)
    }

    func list(_ path: String) throws(InspectionError) -> [String]? {
        guard let names = try top.list(path) else { return try base.list(path) }
        guard !top.has(path), let others = try base.list(path) else { return names }
        return Set(names + others).sorted()
    }

    func realPath(_ path: String) -> String? { top.realPath(path) ?? base.realPath(path) }

    func linkTarget(_ path: String) -> String? { top.linkTarget(path) ?? base.linkTarget(path) }
}
