import Foundation
import Inspection
import Persistence

/// A system with initramfs-tools below a directory, where a test says what update-initramfs does.
final class RecordedBuilder {
    let root: String
    /// What each run of the builder does, the last one also for all that follow, and how it ends.
    var runs: [() throws -> Int32]
    private(set) var count = 0

    var system: BootSystem { BootSystem(root: root) { [self] _, _ in try run() } }

    init(root: String, runs: [() throws -> Int32]) throws {
        self.root = root
        self.runs = runs
        try file("/usr/sbin/update-initramfs", "")
        try file("/usr/sbin/mkinitramfs", "")
    }

    private func run() throws -> Int32 {
        let run = runs[min(count, runs.count - 1)]
        count += 1
        return try run()
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
