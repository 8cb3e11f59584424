internal import Glibc
internal import LinuxSystem

/// A `FileTree` in the file system: `/`, or a directory with a recorded machine.
package struct DirectoryTree: FileTree {
    private let root: RootDirectory

    /// The tree below `root`; `/` and the empty path are the running machine.
    package init(root: String) { self.root = RootDirectory(root) }

    /// The root is `/`.
    package var isLive: Bool { root.isRunningMachine }

    /// The root directory itself, as given.
    package var directory: String { isLive ? "/" : root.path }

    /// The path with the root before it.
    package func display(_ path: String) -> String { root.path + path }

    /// The largest file that is read, in bytes; what is larger is no attribute, log or table.
    private static let sizeLimit = 64 << 20

    /// The bytes of a regular file of at most 64 MiB; nil where it is absent.
    package func read(_ path: String) throws(InspectionError) -> [UInt8]? {
        do { return try root.read(path, upTo: Self.sizeLimit) } catch { return try absent(path, error) }
    }

    /// The names in a directory, sorted; nil where it is absent.
    package func list(_ path: String) throws(InspectionError) -> [String]? {
        do { return try root.names(in: path) } catch { return try absent(path, error) }
    }

    /// The path with every link resolved inside the root; nil where it is absent.
    package func realPath(_ path: String) -> String? { root.resolve(path) }

    /// Whether the kernel finds it.
    package func exists(_ path: String) -> Bool { root.exists(path) }

    /// The file is searched while it is read.
    package func hasWords(_ beginnings: [String], in path: String) throws(InspectionError) -> [Bool]? {
        var search = WordSearch(beginnings)
        do throws(SystemError) {
            try root.readParts(of: path) { part in
                search.look(into: part)
                return search.found.contains(false)
            }
        } catch {
            return try absent(path, error)
        }
        return search.found
    }

    /// The target of a link; nil without a link.
    package func linkTarget(_ path: String) -> String? { root.linkTarget(path) }

    /// From the file itself: the kernel follows these links, whatever their text says.
    package func deviceNumber(_ path: String) -> String? { isLive ? OpenFiles.deviceNumber(path) : nil }

    /// The kernel compares the tasks (kcmp(2)).
    package func sharesDescriptors(_ task: String, with other: String) -> Bool {
        guard isLive, let task = Int32(task), let other = Int32(other) else { return false }
        return OpenFiles.areShared(by: task, other)
    }

    /// Nil where `error` says that the file is not there.
    ///
    /// ENODEV and ENXIO come from attributes of a device that is going away, ESRCH from a process that ended; ELOOP is a
    /// link that leads to itself, or one of /proc/PID/fd.
    private func absent<Value>(_ path: String, _ error: SystemError) throws(InspectionError) -> Value? {
        switch error.number?.number {
        case ENOENT, ENOTDIR, ENODEV, ENXIO, ESRCH, ELOOP: return nil
        default: throw InspectionError(error, about: path, in: self)
        }
    }
}

extension InspectionError {
    /// A file that could not be read.
    fileprivate init(_ error: SystemError, about path: String, in tree: DirectoryTree) {
        let place = tree.display(path)
        switch (error.code, error.number) {
        case (.notPermitted, _):
            self.init(.notPermitted, "\(place): permission denied" + (tree.isLive ? ". Run as root" : ""))
        case (_, let number?):
            self.init(tree.isLive ? .unreadable : .badCapture, "\(place): read error \(number.number)")
        case (_, nil):
            self = tree.damaged(path, error.cause ?? error.message)
        }
    }
}
