internal import Glibc
internal import LinuxSystem

/// The files below a root, each of which may hang: on the running machine a child process asks, and is given up in time.
///
/// For single files. A whole machine is read by `Inspector`, in one child.
package struct PatientTree: FileTree {
    private let tree: DirectoryTree
    private let known: [String: [UInt8]?]

    /// The tree below `root`; `/` and the empty path are the running machine.
    ///
    /// - Parameter known: What was read from it before, by path, nil for an absent file: these files are not read again.
    package init(root: String, known: [String: [UInt8]?] = [:]) {
        tree = DirectoryTree(root: root)
        self.known = known
    }

    /// The root is `/`.
    package var isLive: Bool { tree.isLive }

    /// The path with the root before it.
    package func display(_ path: String) -> String { tree.display(path) }

    /// The bytes of a regular file of at most 64 MiB; nil where it is absent.
    ///
    /// - Throws: `InspectionError`; `.notAnswering` if the file didn't answer in time.
    package func read(_ path: String) throws(InspectionError) -> [UInt8]? {
        if let known = known[path] { return known }
        let path = ofThisProcess(path)
        return try ask { tree throws(InspectionError) in try tree.read(path) }
    }

    /// The names in a directory, sorted; nil where it is absent.
    ///
    /// - Throws: `InspectionError`; `.notAnswering` if the directory didn't answer in time.
    package func list(_ path: String) throws(InspectionError) -> [String]? {
        try ask { tree throws(InspectionError) in try tree.list(path) }
    }

    /// The path with every link resolved inside the root; nil where it is absent or doesn't answer.
    package func realPath(_ path: String) -> String? { answer { $0.realPath(path) } }

    /// Whether it is there; false where it doesn't answer.
    package func exists(_ path: String) -> Bool { answer { $0.exists(path) ? true : nil } ?? false }

    /// The target of a link; nil without a link, or if it doesn't answer.
    package func linkTarget(_ path: String) -> String? { answer { $0.linkTarget(path) } }

    /// From the file itself; nil where it doesn't answer.
    package func deviceNumber(_ path: String) -> String? { answer { $0.deviceNumber(path) } }

    /// The kernel compares the tasks and asks no file.
    package func sharesDescriptors(_ task: String, with other: String) -> Bool {
        tree.sharesDescriptors(task, with: other)
    }

    /// "self" is this process, not the child that asks: another mount table can be its own.
    private func ofThisProcess(_ path: String) -> String {
        let own = "/proc/self/"
        return isLive && path.hasPrefix(own) ? "/proc/\(getpid())/\(path.dropFirst(own.count))" : path
    }

    private func answer<Value>(_ question: (any FileTree) -> Value?) -> Value? {
        do { return try ask { tree throws(InspectionError) in question(tree) } } catch { return nil }
    }

    /// Asks in a child, and here from the answers that it got.
    private func ask<Value>(
        _ question: (any FileTree) throws(InspectionError) -> Value?
    ) throws(InspectionError) -> Value? {
        guard isLive else { return try question(tree) }
        return try WatchedReading().ask(tree, question)
    }
}
