import Foundation
import Inspection
import Persistence

/// A system below a directory whose builder does what a test says.
final class RecordedBuilder: BootSystem {
    let root: String
    private let system: RunningSystem
    /// What each run of the builder does, the last one also for all that follow.
    var runs: [() throws -> Void]
    private(set) var count = 0

    init(root: String, runs: [() throws -> Void]) {
        self.root = root
        system = RunningSystem(root: root)
        self.runs = runs
    }

    var kind: SystemKind { system.kind }
    var builder: InitramfsBuilder? { .initramfsTools }
    var configuration: ModprobeConfiguration { system.configuration }
    var images: InitramfsImages { system.images }
    func present() throws -> [String: String] { try system.present() }
    func write(_ text: String, to path: String) throws { try system.write(text, to: path) }
    func remove(_ path: String) throws { try system.remove(path) }

    func rebuild(_ builder: InitramfsBuilder) throws {
        let run = runs[min(count, runs.count - 1)]
        count += 1
        try run()
    }

    /// The image of a kernel that has modules, as old as `age` seconds.
    @discardableResult
    func image(_ release: String, at path: String? = nil, age: Double) throws -> String {
        let path = path ?? "/boot/initrd.img-\(release)"
        try file("/lib/modules/\(release)/modules.dep", "")
        try file(path, "")
        let attributes: [FileAttributeKey: Any] = [.modificationDate: Date.now - age]
        try FileManager.default.setAttributes(attributes, ofItemAtPath: root + path)
        return path
    }

    /// Makes an image: it has what modprobe's configuration is.
    func make(_ path: String) throws {
        let present = try system.present()[Inspector.persistedPath] ?? "nothing"
        try file(path, present)
    }

    func text(_ path: String) throws -> String { try String(contentsOfFile: root + path, encoding: .utf8) }

    private func file(_ path: String, _ text: String) throws {
        let url = URL(fileURLWithPath: root + path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }
}
