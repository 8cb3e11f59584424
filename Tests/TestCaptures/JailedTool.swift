internal import Foundation
internal import Synchronization

/// The built tool in a directory that is `/` for it.
package enum JailedTool {
    /// The tool: the one that `DAXSWITCH_TOOL` names, as `make suite` does with the release build, of which a process takes a
    /// tenth of the time; else the debug build.
    package static let path = ProcessInfo.processInfo.environment["DAXSWITCH_TOOL"] ?? debugPath

    /// The debug build, which lies beside the test bundle. In it a test can shorten how long files may take, and the parser checks
    /// how the commands are declared.
    package static let debugPath = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent()
        .appendingPathComponent("daxswitch").path

    /// By the path of a tool, a directory with it, its libraries and the loader: a hundred megabytes, so the directories of all
    /// tests have links to one copy.
    private static let furniture = Mutex<[String: (directory: String, files: [String])]>([:])

    /// Puts the tool at `path` and what it needs into `root`, where it has the same path.
    package static func furnish(_ root: String, with path: String = path) throws {
        let (directory, files) = try furniture.withLock { furniture in
            if let made = furniture[path] { return made }
            let made = try copy(path)
            furniture[path] = made
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

    private static func copy(_ path: String) throws -> (String, [String]) {
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
