internal import LinuxSystem

/// A tree of files in memory: nothing is written anywhere, and no link leads out of it.
struct StoredTree: FileTree {
    /// What is at a path.
    private enum Node {
        case directory
        case file([UInt8])
        case link(String)
    }

    /// By path, without a slash at the end; the root is the empty path.
    private var nodes: [String: Node] = ["": .directory]
    private var children: [String: Set<String>] = [:]
    /// How a message calls the file at a path.
    private let displayed: @Sendable (String) -> String

    /// An empty tree.
    init(displayed: @escaping @Sendable (String) -> String) { self.displayed = displayed }

    /// As many links as the kernel follows in one path (MAXSYMLINKS, include/linux/namei.h).
    private static let linkLimit = 40

    var isLive: Bool { false }

    func display(_ path: String) -> String { displayed(path) }

    func read(_ path: String) throws(InspectionError) -> [UInt8]? {
        guard let real = place(of: path) else { return nil }
        switch nodes[real] {
        case .file(let bytes): return bytes
        case .directory: throw damaged(path, "not a regular file")
        case .link, nil: return nil
        }
    }

    func list(_ path: String) throws(InspectionError) -> [String]? {
        guard let real = place(of: path), case .directory = nodes[real] else { return nil }
        return children[real, default: []].sorted()
    }

    func realPath(_ path: String) -> String? { place(of: path).map { $0.isEmpty ? "/" : $0 } }

    func linkTarget(_ path: String) -> String? {
        let parts = path.parts(at: "/")
        guard let name = parts.last, let parent = place(of: parts.dropLast().joined(separator: "/")),
            case .link(let target) = nodes["\(parent)/\(name)"]
        else { return nil }
        return target
    }

    /// The path in `nodes` with all links resolved; nil if nothing is there.
    private func place(of path: String) -> String? {
        var done: [Substring] = []
        var rest: [Substring] = path.parts(at: "/").reversed()
        var links = 0
        while let part = rest.popLast() {
            if part == "." { continue }
            if part == ".." {
                _ = done.popLast()
                continue
            }
            let here = "/" + (done + [part]).joined(separator: "/")
            guard let node = nodes[here] else { return nil }
            guard case .link(let target) = node else {
                done.append(part)
                continue
            }
            links += 1
            guard links <= Self.linkLimit else { return nil }
            if target.hasPrefix("/") { done = [] }
            for part in target.parts(at: "/").reversed() { rest.append(part) }
        }
        return done.isEmpty ? "" : "/" + done.joined(separator: "/")
    }
}

// How a tree is made. A path is absolute and has no `.`, no `..` and no empty part.
extension StoredTree {
    /// Puts a file at `path`, with the directories above it; what is there already is replaced, unless it is a directory.
    /// - Returns: Whether it was put there: not where something above it is no directory.
    @discardableResult
    mutating func add(file bytes: [UInt8], at path: String) -> Bool { add(.file(bytes), at: path) }

    /// The same for a text.
    @discardableResult
    mutating func add(text: String, at path: String) -> Bool { add(.file(Array(text.utf8)), at: path) }

    /// The same for a symbolic link.
    @discardableResult
    mutating func add(link target: String, at path: String) -> Bool { add(.link(target), at: path) }

    /// Makes a directory, with those above it; one that is there stays as it is.
    @discardableResult
    mutating func add(directory path: String) -> Bool { add(.directory, at: path) }

    /// Whether something that is no directory is at `path` itself.
    func has(_ path: String) -> Bool {
        switch nodes[path] {
        case .file, .link: true
        case .directory, nil: false
        }
    }

    private mutating func add(_ node: Node, at path: String) -> Bool {
        if let old = nodes[path] {
            switch (old, node) {
            case (.directory, .directory): return true
            case (.directory, _), (_, .directory): return false
            default:
                nodes[path] = node
                return true
            }
        }
        guard let slash = path.lastIndex(of: "/") else { return false }
        let parent = String(path[..<slash])
        guard add(.directory, at: parent) else { return false }
        nodes[path] = node
        children[parent, default: []].insert(String(path[slash...].dropFirst()))
        return true
    }
}
