import Foundation
import TestCaptures

/// How a run of the tool ended.
struct Ended: Sendable {
    let status: Int32
    let output: String
    let complaint: String

    /// Standard output in one line: where lines are broken makes no difference.
    var sentences: String { output.split(whereSeparator: \.isWhitespace).joined(separator: " ") }

    /// Standard output as a JSON object.
    func document() throws -> [String: Any] {
        guard let object = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] else {
            throw ToolProblem(description: "not an object: \(output)")
        }
        return object
    }
}

/// Why the tool could not be run.
struct ToolProblem: Error, CustomStringConvertible {
    let description: String
}

/// The built binary, run as a person would run it, without a terminal.
enum Tool {
    /// The release build in `make suite`, else the debug build.
    static let path = JailedTool.path

    /// Runs it; the output goes through files, so no pipe can fill up.
    static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Ended {
        try run(command: [path] + arguments, environment: environment)
    }

    /// Runs it against a recorded machine.
    static func run(_ arguments: [String], on root: CaptureRoot) throws -> Ended {
        let ended = try run(arguments + ["--root", root.path])
        try ended.checkByReferee(arguments, root: root.path)
        return ended
    }

    /// Runs a command, in a directory where its paths depend on one.
    static func run(
        command: [String],
        in directory: String? = nil,
        environment: [String: String] = [:]
    ) throws -> Ended {
        let folder = URL(fileURLWithPath: TestCaptures.newDirectory())
        let process = Process()
        let isPath = command.first?.hasPrefix("/") == true
        process.executableURL = URL(fileURLWithPath: isPath ? command[0] : "/usr/bin/env")
        process.arguments = isPath ? Array(command.dropFirst()) : command
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        // What the sanitizers are told holds for the tool as well.
        let told = ProcessInfo.processInfo.environment.filter { $0.key.hasSuffix("SAN_OPTIONS") }
        process.environment = told.merging([
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            // Plans say when they were made.
            "SOURCE_DATE_EPOCH": "1800000000",
        ]) { $1 }.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let files = try ["out", "err"].map { name in
            let url = folder.appendingPathComponent(name)
            try Data().write(to: url)
            return (url, try FileHandle(forWritingTo: url))
        }
        process.standardOutput = files[0].1
        process.standardError = files[1].1
        try process.run()
        process.waitUntilExit()
        guard process.terminationReason == .exit else {
            throw ToolProblem(description: "\(command) ended by signal \(process.terminationStatus)")
        }
        let texts = try files.map { String(decoding: try Data(contentsOf: $0.0), as: UTF8.self) }
        return Ended(status: process.terminationStatus, output: texts[0], complaint: texts[1])
    }
}

/// The repository.
let repository = TestCaptures.repository

/// A file with a text, in a new directory.
func temporaryFile(_ name: String, _ text: String) throws -> String {
    let url = URL(fileURLWithPath: TestCaptures.newDirectory()).appendingPathComponent(name)
    try Data(text.utf8).write(to: url)
    return url.path
}
