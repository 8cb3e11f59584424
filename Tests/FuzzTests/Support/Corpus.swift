import Foundation
import Testing

/// The kept inputs, one folder for each parser: pieces of recorded machines, and what once was or could be trouble.
enum Corpus {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Corpus")

    /// The inputs in the order of their names.
    static func inputs(of parser: String) throws -> [[UInt8]] {
        let folder = folder.appendingPathComponent(parser)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .map { [UInt8](try Data(contentsOf: folder.appendingPathComponent($0))) }
    }

    /// One of them.
    static func input(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appendingPathComponent(path)))
    }
}
