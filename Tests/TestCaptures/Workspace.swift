internal import Foundation
internal import Synchronization

/// A temporary directory of the test process, removed when it ends.
final class Workspace: Sendable {
    static let shared = Workspace()

    private let root: String
    private let count = Mutex(0)

    private static let prefix = "daxswitch-tests-"

    private init() {
        Self.sweep("/dev/shm/")
        root = Self.place + Self.prefix + "\(ProcessInfo.processInfo.processIdentifier)"
        try? FileManager.default.removeItem(atPath: root)
        atexit { try? TestCaptures.run(["rm", "-rf", Workspace.shared.root]) }
    }

    /// Memory where there is enough of it: two hundred thousand small files take a disk a minute.
    private static var place: String {
        let free = try? FileManager.default.attributesOfFileSystem(forPath: "/dev/shm")
        let bytes = free?[.systemFreeSize] as? NSNumber
        let files = free?[.systemFreeNodes] as? NSNumber
        let isRoomy =
            (bytes?.int64Value ?? 0) > 2 << 30 && (files?.int64Value ?? 0) > 400_000
            && FileManager.default.isWritableFile(atPath: "/dev/shm")
        return isRoomy ? "/dev/shm/" : NSTemporaryDirectory()
    }

    /// Removes what test processes left that were killed: `atexit` was not for them, and memory is not endless.
    private static func sweep(_ folder: String) {
        for name in TestCaptures.names(in: folder) where name.hasPrefix(prefix) {
            guard let process = pid_t(name.dropFirst(prefix.count)), kill(process, 0) != 0, errno == ESRCH else {
                continue
            }
            try? TestCaptures.run(["rm", "-rf", folder + name])
        }
    }

    /// A new empty directory.
    func newDirectory() -> String {
        let number = count.withLock { count in
            count += 1
            return count
        }
        let directory = "\(root)/\(number)"
        try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        return directory
    }
}
