import Inspection
import LinuxSystem

/// Copies files of a machine, below the same names.
///
/// What can't be read is left out: a capture of most of a machine is better than none.
final class Recording {
    let tree: any FileTree
    /// What was copied.
    private(set) var capture = Capture()

    /// A recording of `tree`.
    init(tree: any FileTree) { self.tree = tree }

    /// Attributes that are no facts, are large, or act on being read.
    private static let passedOver: Set<String> = [
        "power", "uevent", "remove", "rescan", "reset", "new_id", "remove_id", "firmware", "features", "security",
        "label_storage_size", "trace", "statistics", "sections", "notes", "hugepages", "vmstat", "numastat",
        "msi_irqs", "config", "rom", "firmware_node", "physical_node",
    ]

    /// Copies a file; `keeping` chooses lines.
    func file(_ path: String, keeping: ((Substring) -> Bool)? = nil) {
        guard let bytes = read(path) else { return }
        guard let keeping else { return write(bytes, to: path) }
        let lines = String(decoding: bytes, as: UTF8.self).lines.filter(keeping)
        write(Array(lines.map { $0 + "\n" }.joined().utf8), to: path)
    }

    /// Copies the lines of a file in which one of `words` stands.
    func file(_ path: String, linesHolding words: [String]) {
        if let bytes = read(path) { write(bytes.lines(holding: words), to: path) }
    }

    /// The bytes of a file; nil if it is missing or can't be read.
    private func read(_ path: String) -> [UInt8]? {
        do { return try tree.read(path) } catch { return nil }
    }

    /// Copies a directory with what lies up to `depth` levels below it, and links as links.
    func directory(_ path: String, depth: Int) {
        if let target = tree.linkTarget(path) { return link(path, to: target) }
        guard let names = names(in: path) else { return file(path) }
        make(path)
        guard depth > 0 else { return }
        for name in names where !Self.passedOver.contains(name) {
            directory("\(path)/\(name)", depth: depth - 1)
        }
    }

    /// Copies the links of a bus's `devices` and the directories behind them, at their real paths.
    func devices(_ path: String, where matches: (String) -> Bool = { _ in true }, depth: Int) {
        guard let names = names(in: path) else { return }
        // Also where nothing is copied: that a bus has no such device is a fact.
        make(path)
        for name in names where matches(name) {
            directory("\(path)/\(name)", depth: 0)
            if let real = tree.realPath("\(path)/\(name)") { directory(real, depth: depth) }
        }
    }

    /// The names in a directory; nil if it is not a directory or can't be read.
    func names(in path: String) -> [String]? {
        do { return try tree.list(path) } catch { return nil }
    }

    /// Puts a file into the capture.
    func write(_ bytes: [UInt8], to path: String) { capture.add(.file(bytes), at: path) }

    /// Makes a link of the capture.
    func link(_ path: String, to target: String) {
        if tree.linkTarget(path) != nil { capture.add(.link(target), at: path) }
    }

    /// Makes a directory of the capture, with its parents.
    func make(_ path: String) { capture.add(.directory, at: path) }
}
