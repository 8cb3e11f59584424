package import Foundation
internal import Synchronization

/// One recorded moment of a machine: its files in memory, or in a directory that serves as a root directory.
package struct CaptureRoot: Sendable, Hashable, CustomStringConvertible {
    /// The folder of the kernel in Tests/Captures, for example `7.3.4` or `7.3.4-firmware`.
    package var kernel: String
    /// The scenario, for example `no-region`.
    package var scenario: String
    /// The moment, for example `03-dax_cxl-first`; the number gives the order.
    package var name: String
    /// Where the files of a copy are.
    private var place: String?

    init(kernel: String, scenario: String, name: String, path: String? = nil) {
        self.kernel = kernel
        self.scenario = scenario
        self.name = name
        place = path
    }

    /// The directory with the files. What is in no directory yet is unpacked first, and stays for the process.
    package var path: String {
        get { place ?? TestCaptures.unpacked(self) }
        set { place = newValue }
    }

    /// Whether it is a copy, which may differ from what was recorded.
    var isCopy: Bool { place != nil }

    /// What the moment is, without its number, for example `dax_cxl-first`.
    package var moment: Substring {
        let digits = name.prefix { $0.isASCII && $0.isNumber }
        return digits.isEmpty ? name[...] : name.dropFirst(digits.count).drop { $0 == "-" }
    }

    /// `7.3.4/no-region/03-dax_cxl-first`.
    package var description: String { "\(kernel)/\(scenario)/\(name)" }

    /// A file or directory of the capture; `path` begins with a slash.
    package func url(_ path: String) -> URL { URL(fileURLWithPath: self.path + path) }

    /// Writes a file of a copy, with the directories above it.
    package func write(_ text: String, to path: String) throws {
        let file = url(path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: file)
    }
}

/// The recorded machines in Tests/Captures, for all test targets.
///
/// An archive is read once in a test process, when something in it is first asked for (`CaptureArchive`). Most tests read a
/// machine from there (`tree(of:)`); a moment whose path is asked for is unpacked, once, and goes with the process. Tests
/// must not change that: `copy(_:)` gives one to change.
package enum TestCaptures {
    /// Whether the tests run under a sanitizer, of which `make sanitize` tells.
    package static let isSanitized = ProcessInfo.processInfo.environment["ASAN_OPTIONS"] != nil

    /// The repository, from the place of this file in it.
    package static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The folder Tests/Captures.
    package static let folder = repository.appendingPathComponent("Tests/Captures")

    /// The folder, and the one that `DAXSWITCH_EXTRA_CAPTURES` names: what `lab record --out` has put there.
    private static let folders =
        [folder]
        + (ProcessInfo.processInfo.environment["DAXSWITCH_EXTRA_CAPTURES"].map { [URL(fileURLWithPath: $0)] } ?? [])

    /// The kernels, sorted.
    package static let kernels: [String] = Set(folders.flatMap { names(in: $0.path) }).sorted()

    /// The scenarios of a kernel, sorted.
    package static func scenarios(kernel: String) -> [String] {
        let files = folders.flatMap { names(in: $0.appendingPathComponent(kernel).path) }
        let archives = files.filter { name in suffixes.contains { name.hasSuffix($0) } }
        return Set(archives.map { String($0.dropLast(4)) }).sorted()
    }

    /// Whether a scenario is in Tests/Captures itself.
    package static func isKept(kernel: String, scenario: String) -> Bool {
        archive(kernel: kernel, scenario: scenario, in: [folder]) != nil
    }

    private static let suffixes = [".txz", ".tgz"]

    private static func archive(kernel: String, scenario: String, in folders: [URL]) -> String? {
        // A recording that was just made counts before one that was kept.
        folders.reversed().flatMap { folder in
            suffixes.map { folder.appendingPathComponent("\(kernel)/\(scenario)\($0)").path }
        }.first { FileManager.default.fileExists(atPath: $0) }
    }

    /// The moments of a scenario in their order; empty where there is no such scenario.
    package static func roots(kernel: String, scenario: String) -> [CaptureRoot] {
        guard let (archive, directory) = content(kernel: kernel, scenario: scenario) else { return [] }
        let names = archive.nodes[directory].children.filter { archive.nodes[$0.value].children["proc"] != nil }.keys
        return names.sorted().map { CaptureRoot(kernel: kernel, scenario: scenario, name: $0) }
    }

    /// The moment of a scenario by its name, with its number or without: `03-dax_cxl-first` or `dax_cxl-first`.
    ///
    /// A name that no moment has, and one that several have, is an error that lists the moments.
    package static func root(kernel: String, scenario: String, _ moment: String) throws -> CaptureRoot {
        let roots = roots(kernel: kernel, scenario: scenario)
        let named = roots.filter { $0.name == moment || $0.moment == moment }
        guard named.count == 1 else {
            let known = roots.map(\.name).joined(separator: ", ")
            throw CaptureProblem(
                description:
                    "\(kernel)/\(scenario)/\(moment): \(named.count) moments have this name; there are: \(known)"
            )
        }
        return named[0]
    }

    /// The moment that `path` names, for example `7.3.4/no-region/dax_cxl-first`.
    package static func root(_ path: String) throws -> CaptureRoot {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 2, parts[0] == "field" { return try made(parts[1], in: "Field") }
        if parts.count == 2, parts[0] == "kernels" { return try made(parts[1], in: "Kernels") }
        guard parts.count == 3 else {
            throw CaptureProblem(description: "\(path): not a moment; write KERNEL/SCENARIO/MOMENT")
        }
        return try root(kernel: parts[0], scenario: parts[1], parts[2])
    }

    /// The machines of Tests/Field: `field/NAME`, sorted.
    package static let field: [String] = names(in: repository.appendingPathComponent("Tests/Field").path)
        .filter { $0.hasSuffix(".txz") }.map { "field/\($0.dropLast(4))" }

    /// A machine of Tests/Field, rebuilt from a public report, or of Tests/Kernels, made from a kernel's source.
    private static func made(_ name: String, in folder: String) throws -> CaptureRoot {
        let archive = repository.appendingPathComponent("Tests/\(folder)/\(name).txz").path
        let directory = Workspace.shared.newDirectory()
        try run(["tar", "-xf", archive, "-C", directory])
        return CaptureRoot(kernel: folder.lowercased(), scenario: name, name: name, path: directory)
    }

    /// Every moment of every scenario of every kernel.
    package static let all: [CaptureRoot] = kernels.flatMap { kernel in
        scenarios(kernel: kernel).flatMap { roots(kernel: kernel, scenario: $0) }
    }

    /// The commands between the moments, with return codes and kernel lines.
    package static func events(kernel: String, scenario: String) -> String {
        guard let (archive, directory) = content(kernel: kernel, scenario: scenario),
            let file = archive.nodes[directory].children["events.log"]
        else { return "" }
        return String(decoding: archive.content(archive.nodes[file]), as: UTF8.self)
    }

    /// A copy of a moment that a test may change, in a new directory.
    package static func copy(_ root: CaptureRoot) throws -> CaptureRoot {
        var copy = root
        copy.path = "\(Workspace.shared.newDirectory())/root"
        if root.isCopy {
            try run(["cp", "-a", root.path, copy.path])
        } else {
            try unpack(root, to: copy.path)
        }
        return copy
    }

    /// A copy that also has the module lists of its kernel, as a live machine has them in /lib/modules.
    package static func copyWithModules(_ root: CaptureRoot) throws -> CaptureRoot {
        let copy = try copy(root)
        let kernel = root.kernel.replacingOccurrences(of: "-firmware", with: "")
        let release = try String(contentsOf: copy.url("/proc/sys/kernel/osrelease"), encoding: .utf8)
        let target = copy.url("/lib/modules/\(release.trimmingCharacters(in: .whitespacesAndNewlines))")
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        let source = folder.appendingPathComponent("\(kernel)/modules").path
        try run(["cp", "-r", "\(source)/.", target.path])
        return copy
    }

    /// Lays the files of a folder over those of a copy.
    package static func overlay(_ folder: String, on copy: CaptureRoot) throws {
        try run(["cp", "-a", "\(folder)/.", copy.path])
    }

    /// An empty directory for a test, gone when the process ends.
    package static func newDirectory() -> String { Workspace.shared.newDirectory() }

    /// The files of a moment as they were recorded.
    package static func tree(of root: CaptureRoot) throws -> CaptureTree {
        let found = content(kernel: root.kernel, scenario: root.scenario)
        guard !root.isCopy, let (archive, directory) = found, let number = archive.nodes[directory].children[root.name]
        else { throw CaptureProblem(description: "\(root): not in an archive") }
        return CaptureTree(archive: archive, root: number, name: "\(root)")
    }

    private static let archives = Mutex<[String: CaptureArchive]>([:])

    /// The archive of a scenario, and the number of the directory in it that has the moments.
    private static func content(kernel: String, scenario: String) -> (CaptureArchive, Int)? {
        archives.withLock { archives in
            let name = "\(kernel)/\(scenario)"
            if archives[name] == nil, let path = archive(kernel: kernel, scenario: scenario, in: folders) {
                archives[name] = try? CaptureArchive(path)
            }
            guard let archive = archives[name] else { return nil }
            // Some archives hold the moments in a folder with the scenario's name.
            return (archive, archive.nodes[archive.top].children[scenario] ?? archive.top)
        }
    }

    private static let directories = Mutex<[CaptureRoot: String]>([:])

    /// Where a moment is unpacked; an empty directory where that can't be done, which no test takes for a machine.
    static func unpacked(_ root: CaptureRoot) -> String {
        directories.withLock { directories in
            if let directory = directories[root] { return directory }
            let directory = "\(Workspace.shared.newDirectory())/root"
            try? unpack(root, to: directory)
            directories[root] = directory
            return directory
        }
    }

    private static func unpack(_ root: CaptureRoot, to path: String) throws {
        let tree = try tree(of: root)
        try tree.archive.unpack(tree.root, to: path)
    }

    static func names(in directory: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
    }

    /// What a program prints.
    static func output(of command: [String]) throws -> Data {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw CaptureProblem(description: "\(command.joined(separator: " ")): status \(process.terminationStatus)")
        }
        return data
    }

    static func run(_ command: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw CaptureProblem(description: "\(command.joined(separator: " ")): status \(process.terminationStatus)")
        }
    }
}

/// Why a capture can't be had.
package struct CaptureProblem: Error, CustomStringConvertible {
    /// What is wrong.
    package var description: String
}
