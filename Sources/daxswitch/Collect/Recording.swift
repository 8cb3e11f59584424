import Inspection
import LinuxSystem

/// Copies files of a machine, below the same names, into a directory.
///
/// What can't be read is left out: a capture of most of a machine is better than none.
struct Recording {
    let tree: any FileTree
    /// The directory that becomes a root directory.
    private let directory: NewDirectory
    private let place: String
    private let note: WatchedReading.Note?

    /// A recording of `tree` that will be at `path`; `note` is told which file is written.
    init(tree: any FileTree, path: String, noting note: WatchedReading.Note? = nil) throws(CollectError) {
        self.tree = tree
        self.note = note
        place = path
        directory = try Self.writing(path, note) { () throws(SystemError) in try NewDirectory(path) }
    }

    /// Attributes that are no facts, are large, or act on being read.
    private static let passedOver: Set<String> = [
        "power", "uevent", "remove", "rescan", "reset", "new_id", "remove_id", "firmware", "features", "security",
        "label_storage_size", "trace", "statistics", "sections", "notes", "hugepages", "vmstat", "numastat",
        "msi_irqs", "config", "rom", "firmware_node", "physical_node",
    ]

    /// Copies a file; `keeping` chooses lines.
    func file(_ path: String, keeping: ((Substring) -> Bool)? = nil) throws(CollectError) {
        let bytes: [UInt8]?
        do { bytes = try tree.read(path) } catch { return }
        guard let bytes else { return }
        guard let keeping else { return try write(bytes, to: path) }
        let lines = String(decoding: bytes, as: UTF8.self).lines.filter(keeping)
        try write(Array(lines.map { $0 + "\n" }.joined().utf8), to: path)
    }

    /// Copies a directory with what lies up to `depth` levels below it, and links as links.
    func directory(_ path: String, depth: Int) throws(CollectError) {
        if let target = tree.linkTarget(path) { return try link(path, to: target) }
        guard let names = names(in: path) else { return try file(path) }
        try make(path)
        guard depth > 0 else { return }
        for name in names where !Self.passedOver.contains(name) {
            try directory("\(path)/\(name)", depth: depth - 1)
        }
    }

    /// Copies the links of a bus's `devices` and the directories behind them, at their real paths.
    func devices(_ path: String, where matches: (String) -> Bool = { _ in true }, depth: Int) throws(CollectError) {
        guard let names = names(in: path) else { return }
        // Also where nothing is copied: that a bus has no such device is a fact.
        try make(path)
        for name in names where matches(name) {
            try directory("\(path)/\(name)", depth: 0)
            if let real = tree.realPath("\(path)/\(name)") { try directory(real, depth: depth) }
        }
    }

    /// The names in a directory; nil where it is none or can't be read.
    func names(in path: String) -> [String]? {
        do { return try tree.list(path) } catch { return nil }
    }

    /// Writes a file of the capture.
    func write(_ bytes: [UInt8], to path: String) throws(CollectError) {
        try Self.writing(place + path, note) { () throws(SystemError) in try directory.write(bytes, to: path) }
    }

    /// Makes a link of the capture.
    func link(_ path: String, to target: String) throws(CollectError) {
        guard tree.linkTarget(path) != nil else { return }
        try Self.writing(place + path, note) { () throws(SystemError) in try directory.link(path, to: target) }
    }

    /// Makes a directory of the capture, with its parents.
    func make(_ path: String) throws(CollectError) {
        try Self.writing(place + path, note) { () throws(SystemError) in try directory.make(path) }
    }

    /// Puts the recording in its place: it is whole.
    func finish() throws(CollectError) {
        try Self.writing(place, note) { () throws(SystemError) in try directory.moveIntoPlace() }
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
