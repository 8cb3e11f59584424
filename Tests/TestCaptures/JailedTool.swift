internal import Foundation
internal import Synchronization

/// The built tool in a directory that is `/` for it.
package enum JailedTool {
    /// The tool, which lies beside the test bundle.
    package static let path = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent()
        .appendingPathComponent("daxswitch").path

    /// A directory with the tool, its libraries and the loader: a hundred megabytes, so the directories of all tests have
    /// links to one copy.
    private static let furniture = Mutex<(directory: String, files: [String])?>(nil)

    /// Puts the tool and what it needs into `root`.
    package static func furnish(_ root: String) throws {
        let (directory, files) = try furniture.withLock { furniture in
            if let made = furniture { return made }
            let made = try copy()
            furniture = made
            return made
        }
        for file in files where unsafe access(root + file, F_OK) != 0 {
            let target = URL(fileURLWithPath: root + file)
            try FileManager.default.createDirectory(
                at: target.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try FileManager.default.linkItem(at: URL(fileURLWithPath: directory + file), to: target)
        }
    }

    private static func copy() throws -> (String, [String]) {
        let listed = String(decoding: try TestCaptures.output(of: ["ldd", path]), as: UTF8.self)
        let files = [path] + listed.split(whereSeparator: \.isWhitespace).filter { $0.hasPrefix("/") }.map(String.init)
        let directory = TestCaptures.newDirectory()
        for file in files where unsafe access(directory + file, F_OK) != 0 {
            let target = URL(fileURLWithPath: directory + file)
            try FileManager.default.createDirectory(
                at: target.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try FileManager.default.copyItem(at: URL(fileURLWithPath: file).resolvingSymlinksInPath(), to: target)
        }
        return (directory, files)
    }
}
