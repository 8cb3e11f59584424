import Foundation
import TestCaptures
import Testing

@Suite("status")
struct StatusTests {
    /// A process for every sixth moment; the reader's own tests read them all.
    private static let moments = TestCaptures.all.enumerated().filter { $0.offset.isMultiple(of: 6) }.map(\.element)

    @Test("reads recorded machines, and the ranges don't overlap", arguments: moments)
    func everyCapture(root: CaptureRoot) throws {
        let ended = try Tool.run(["status", "--json"], on: root)
        #expect(ended.status == 0, "\(ended.complaint)")
        let document = try ended.document()
        #expect(Set(document.keys) == Self.members)
        var last: UInt64?
        for range in try #require(document["ranges"] as? [[String: Any]]) {
            #expect(Set(range.keys) == Self.rangeMembers)
            let start = try #require(address(range["start"]))
            let end = try #require(address(range["end"]))
            if let last { #expect(last < start) }
            #expect(range["size"] as? UInt64 == end - start + 1)
            last = end
        }
        let softReserved = try #require(document["soft_reserved"] as? [[String: Any]])
        #expect(!softReserved.isEmpty, "every recorded machine has Soft Reserved memory")
        for reserved in softReserved {
            #expect(isTiled(reserved, by: document["ranges"]))
        }
    }

    @Test("shows the owner, the device and what it hangs below")
    func text() throws {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "auto-reload", "dax_cxl-first")
        let ended = try Tool.run(["status"], on: root)
        #expect(ended.status == 0)
        #expect(ended.output.contains("0x5d0000000-0x5efffffff  512 MiB  cxl    dax0.0  region0  idle"))
        #expect(ended.output.contains("coordinated"))
        #expect(!ended.output.contains("\u{1b}"))
    }

    private static let members: Set = [
        "awaiting_confirmation",
        "material",
        "schema_version", "kind", "kernel", "modules", "initial_probe", "initial_probe_evidence",
        "dax_cxl_mode", "dax_cxl_mode_evidence", "held",
        "next_boot", "soft_reserved", "windows", "regions", "ranges", "hazards", "health", "findings", "unfinished",
        "awaiting_confirmation",
    ]
    private static let rangeMembers: Set = [
        "start", "end", "size", "owner", "device", "through", "use", "memory", "blocks_online", "blocks_total",
    ]

    private func address(_ value: Any?) -> UInt64? {
        (value as? String).flatMap { $0.hasPrefix("0x") ? UInt64($0.dropFirst(2), radix: 16) : nil }
    }

    /// Whether the sizes of the ranges inside `outer` add up to its size.
    private func isTiled(_ outer: [String: Any], by ranges: Any?) -> Bool {
        guard let start = address(outer["start"]), let end = address(outer["end"]) else { return false }
        let inside = (ranges as? [[String: Any]] ?? []).filter { range in
            guard let first = address(range["start"]), let last = address(range["end"]) else { return false }
            return start <= first && last <= end
        }
        return inside.reduce(0) { $0 + ($1["size"] as? UInt64 ?? 0) } == end - start + 1
    }
}
