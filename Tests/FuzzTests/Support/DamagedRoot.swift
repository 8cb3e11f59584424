import Foundation
import TestCaptures

/// A copy of a recorded machine of which one file at a time is damaged, and made whole again.
final class DamagedRoot {
    let path: String
    /// Files, by path inside the root.
    private let files: [String]
    /// Links, with what they say.
    private let links: [(path: String, target: String)]

    init(_ capture: CaptureRoot) throws {
        path = try TestCaptures.copy(capture).path
        var files: [String] = []
        var links: [(String, String)] = []
        let manager = FileManager.default
        for name in (manager.enumerator(atPath: path)?.allObjects ?? []).compactMap({ $0 as? String }).sorted() {
            let type = try manager.attributesOfItem(atPath: "\(path)/\(name)")[.type] as? FileAttributeType
            if type == .typeRegular { files.append(name) }
            if type == .typeSymbolicLink {
                links.append((name, try manager.destinationOfSymbolicLink(atPath: "\(path)/\(name)")))
            }
        }
        // What is read decides; the rest of a capture is mostly what no reader looks at.
        let telling = [
            "iomem", "cxl", "dax", "hmem", "memmap", "memory", "tables", "dmesg", "cmdline", "proc/", "region",
        ]
        func tells(_ name: String) -> Bool { telling.contains { name.contains($0) } }
        self.files = files.filter(tells)
        self.links = links.filter { tells($0.0) }.map { (path: $0.0, target: $0.1) }
    }

    /// Runs `body` over the root with one damage that follows from `seed`.
    func damaged(by seed: UInt64, _ body: (String) throws -> Void) throws {
        var random = SplitMix(seed: seed)
        if random.once(in: 8), let link = random.pick(links) {
            try damage(link: link, &random, body)
        } else if let name = random.pick(files) {
            try damage(file: name, &random, body)
        }
    }

    private func damage(file name: String, _ random: inout SplitMix, _ body: (String) throws -> Void) throws {
        let url = URL(fileURLWithPath: "\(path)/\(name)")
        let whole = try Data(contentsOf: url)
        defer {
            try? FileManager.default.removeItem(at: url)
            try? whole.write(to: url)
        }
        let what: String
        switch random.below(8) {
        case 0:
            try FileManager.default.removeItem(at: url)
            what = "removed"
        case 1:
            try FileManager.default.removeItem(at: url)
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
            what = "a directory"
        case 2:
            try Data().write(to: url)
            what = "empty"
        case 3:
            // Values of one kind change places.
            let kind = url.lastPathComponent
            let other = random.pick(files.filter { $0.hasSuffix("/\(kind)") }) ?? name
            try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(other)")).write(to: url)
            what = "as \(other)"
        default:
            let other = random.pick(files).flatMap { try? Data(contentsOf: URL(fileURLWithPath: "\(path)/\($0)")) }
            var mutator = Mutator(random: random, corpus: [[UInt8](other ?? Data())])
            try Data(mutator.mutated([UInt8](whole))).write(to: url)
            what = "changed"
        }
        try body("\(name) \(what)")
    }

    private func damage(
        link: (path: String, target: String),
        _ random: inout SplitMix,
        _ body: (String) throws -> Void
    ) throws {
        let place = "\(path)/\(link.path)"
        try FileManager.default.removeItem(atPath: place)
        defer {
            try? FileManager.default.removeItem(atPath: place)
            try? FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: link.target)
        }
        let targets = ["", ".", "/", "..", "/nowhere", link.path, random.pick(links)?.target ?? ""]
        let target = random.pick(targets) ?? ""
        if !target.isEmpty { try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: target) }
        try body("\(link.path) \(target.isEmpty ? "removed" : "leads to \(target)")")
    }
}
