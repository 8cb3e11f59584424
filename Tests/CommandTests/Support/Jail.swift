import Foundation
import TestCaptures

/// A recorded machine that the tool takes for the running one: it is `/` for it, by chroot(2).
enum Jail {
    /// Why there can be none here; nil where there can.
    static let obstacle: String? = {
        if TestCaptures.isSanitized { return "a sanitizer needs /proc of its own process" }
        let ended = try? Tool.run(command: entry + ["/", "true"])
        return ended?.status == 0 ? nil : "chroot is not possible here, not even in a user namespace"
    }()

    /// Runs the tool, or that at `path`, on `root`, which must be a copy; `tracer` is put before.
    static func run(
        _ arguments: [String],
        in root: CaptureRoot,
        path: String = Tool.path,
        tracer: [String] = [],
        environment: [String: String] = [:]
    ) throws -> Ended {
        try JailedTool.furnish(root.path, with: path)
        // The host that the jail stands for has a process 1, of which persist asks whether it has the same root.
        let link = root.path + "/proc/1/root"
        if arguments.first == "persist", !FileManager.default.fileExists(atPath: root.path + "/proc/1") {
            try FileManager.default.createDirectory(atPath: root.path + "/proc/1", withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/")
        }
        let ended = try Tool.run(
            command: tracer + entry + [root.path, path] + arguments,
            environment: environment
        )
        try ended.checkByReferee(arguments, root: root.path)
        return ended
    }

    private static let entry = geteuid() == 0 ? ["chroot"] : ["unshare", "--map-root-user", "chroot"]
}
