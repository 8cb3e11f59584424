import Inspection
import LinuxSystem

/// Where a capture is written: a directory that is empty or not there yet, or a file that is not there yet.
struct CaptureTarget {
    private let path: String

    /// The place that a person named.
    init(_ path: String) { self.path = path }

    /// Whether it is a file by its name. A directory that is there is one, whatever its name is.
    private var isArchive: Bool { Compression(ofName: path) != nil || path.hasSuffix(".tar") }

    /// Whether its name ends as that of an archive of a type that is not written.
    var hasOtherArchiveType: Bool {
        let endings = [".zip", ".7z", ".rar", ".gz", ".xz", ".bz2", ".zst"]
        return !isArchive && endings.contains { path.hasSuffix($0) }
    }

    /// Finds out early whether something is there.
    ///
    /// - Throws: `CollectError` `.notEmpty` if so.
    func check(noting note: WatchedReading.Note?) throws(CollectError) {
        try Self.during(path, note) { () throws(CollectError) in
            let names: [String]?
            do throws(InspectionError) {
                names = try DirectoryTree(root: path).list("/")
            } catch {
                throw CollectError(
                    code: error.code == .notPermitted ? .notPermitted : .notWritten,
                    message: error.message
                )
            }
            if names?.isEmpty == false {
                throw CollectError(
                    code: .notEmpty,
                    message: "\(path) is not empty. Use a new or empty directory"
                )
            }
            if names == nil && isArchive && File.exists(path) {
                throw CollectError(code: .notEmpty, message: "\(path) already exists")
            }
        }
    }

    /// Writes a capture; `note` is told which file is written.
    ///
    /// - Throws: `CollectError`.
    func write(_ capture: Capture, noting note: WatchedReading.Note?) throws(CollectError) {
        let isDirectory = try Self.during(path, note) { (try? DirectoryTree(root: path).list("/")) ?? nil } != nil
        if isArchive && !isDirectory {
            let bytes = try capture.archive(path, Compression(ofName: path))
            try Self.writing(path, note) { () throws(SystemError) in
                try WriteTarget(path).write(bytes, isPrivate: true)
            }
        } else {
            try write(directory: capture, note)
        }
    }

    /// As a directory, which is put in its place once it is whole.
    private func write(directory capture: Capture, _ note: WatchedReading.Note?) throws(CollectError) {
        let directory = try Self.writing(path, note) { () throws(SystemError) in try NewDirectory(path) }
        for member in capture.members {
            try Self.writing(path + member.path, note) { () throws(SystemError) in
                switch member.kind {
                case .file(let bytes): try directory.write(bytes, to: member.path)
                case .directory: try directory.make(member.path)
                case .link(let target): try directory.link(member.path, to: target)
                case .hardLink, .other: break
                }
            }
        }
        try Self.writing(path, note) { () throws(SystemError) in try directory.moveIntoPlace() }
    }

    private static func during<Value>(
        _ path: String,
        _ note: WatchedReading.Note?,
        _ body: () throws(CollectError) -> Value
    ) throws(CollectError) -> Value {
        guard let note else { return try body() }
        return try note.during(path, body)
    }

    private static func writing<Value>(
        _ path: String,
        _ note: WatchedReading.Note?,
        _ body: () throws(SystemError) -> Value
    ) throws(CollectError) -> Value {
        do throws(SystemError) {
            guard let note else { return try body() }
            return try note.during(path, body)
        } catch {
            throw CollectError(code: error.code == .notTrusted ? .notTrusted : .notWritten, message: "\(error)")
        }
    }
}
