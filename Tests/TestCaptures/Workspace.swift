internal import Foundation
internal import Synchronization

/// A temporary directory of the test process, removed when it ends.
final class Workspace: Sendable {
    static let shared = Workspace()

    private let root: String
    private let count = Mutex(0)

    private init() {
        root = NSTemporaryDirectory() + "daxswitch-tests-\(ProcessInfo.processInfo.processIdentifier)"
        try? FileManager.default.removeItem(atPath: root)
        atexit { try? TestCaptures.run(["rm", "-rf", Workspace.shared.root]) }
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
