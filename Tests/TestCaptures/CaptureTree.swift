package import Inspection

/// The files of a recorded moment, read from its archive in memory.
package struct CaptureTree: FileTree {
    let archive: CaptureArchive
    /// The directory of the moment in the archive.
    let root: Int
    let name: String

    /// It is a recorded machine.
    package var isLive: Bool { false }

    /// The path behind the name of the moment.
    package func display(_ path: String) -> String { name + path }

    /// The bytes of a file; nil where it is absent.
    ///
    /// - Throws: `InspectionError` `.badCapture` where a directory is.
    package func read(_ path: String) throws(InspectionError) -> [UInt8]? {
        guard let node = find(path)?.node else { return nil }
        guard node.kind == .file else { throw InspectionError(.badCapture, "\(display(path)): not a regular file") }
        return archive.content(node)
    }

    /// The names in a directory, sorted; nil where it is absent.
    package func list(_ path: String) throws(InspectionError) -> [String]? {
        guard let node = find(path)?.node, node.kind == .directory else { return nil }
        return node.children.keys.sorted()
    }

    /// The path with every link resolved inside the root; nil where it is absent.
    package func realPath(_ path: String) -> String? { find(path)?.path }

    /// The target of a link; nil without a link.
    package func linkTarget(_ path: String) -> String? {
        guard let slash = path.lastIndex(of: "/"), let parent = find(path[..<slash])?.node,
            let number = parent.children[String(path[slash...].dropFirst())]
        else { return nil }
        let node = archive.nodes[number]
        return node.kind == .link ? node.target : nil
    }

    /// As many links as the kernel follows in one path.
    private static let linkLimit = 40

    private func find(_ path: some StringProtocol) -> (node: CaptureArchive.Node, path: String)? {
        var names: [Substring] = []
        var places = [root]
        var rest = Self.parts(of: String(path))
        var links = 0
        while let part = rest.popLast() {
            if part == "." { continue }
            if part == ".." {
                if places.count > 1 {
                    places.removeLast()
                    names.removeLast()
                }
                continue
            }
            guard let number = archive.nodes[places[places.count - 1]].children[String(part)] else { return nil }
            let node = archive.nodes[number]
            guard node.kind == .link else {
                places.append(number)
                names.append(part)
                continue
            }
            links += 1
            guard links <= Self.linkLimit else { return nil }
            if node.target.utf8.first == UInt8(ascii: "/") {
                places = [root]
                names = []
            }
            rest += Self.parts(of: node.target)
        }
        return (archive.nodes[places[places.count - 1]], "/" + names.joined(separator: "/"))
    }

    /// The names in a path, the first one last.
    private static func parts(of path: String) -> [Substring] {
        path.utf8.split(separator: UInt8(ascii: "/")).reversed().map { Substring($0) }
    }
}
