import Foundation
import Inspection
import TestCaptures

/// The built tool with a directory as its `/`, by chroot(2).
struct Jail {
    private let root: String

    /// Whether the suite may call chroot(2); a sanitizer needs /proc of its own process.
    static var isPossible: Bool {
        !TestCaptures.isSanitized && (try? Self.run(["chroot", "/", "true"]).status) == 0
    }

    /// Puts the tool and its libraries into `root`, a copy of a recorded machine.
    init(_ root: String) throws {
        self.root = root
        try JailedTool.furnish(root)
    }

    /// What a run has printed, and its exit status; 128 and more for a signal, 124 if it took longer than a minute.
    struct Ended {
        let status: Int32
        let output: String
    }

    /// Runs the tool.
    func run(_ arguments: [String]) throws -> Ended {
        try Self.run(["timeout", "60", "chroot", root, JailedTool.path] + arguments)
    }

    private static func run(_ command: [String]) throws -> Ended {
        let pipe = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let bytes = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let code = process.terminationStatus
        let status = process.terminationReason == .exit ? code : 128 + code
        return Ended(status: status, output: String(decoding: bytes, as: UTF8.self))
    }
}
