import Iomem
import Machine

/// Counts the bytes of memory blocks that have gone offline.
struct OfflineCounter {
    private let blocks: [MemoryBlock]
    private let start: Duration
    private var gone: Set<Int> = []
    private var reported = 0

    /// Counts `blocks`, all of them online at the time `start`.
    init(_ blocks: [MemoryBlock], since start: Duration) {
        self.blocks = blocks
        self.start = start
    }

    /// Counts the blocks that are offline now.
    mutating func count(_ isOffline: (Int) -> Bool) { gone.formUnion(blocks.map(\.number).filter(isOffline)) }

    /// Whether more is offline than at the last call.
    mutating func hasAdvanced() -> Bool {
        defer { reported = gone.count }
        return gone.count > reported
    }

    /// How far it has come.
    func progress(at now: Duration) -> Progress {
        let bytes = { (blocks: [MemoryBlock]) in blocks.map(\.range).totalSize }
        return .offlining(
            done: bytes(blocks.filter { gone.contains($0.number) }),
            total: bytes(blocks),
            elapsed: now - start
        )
    }
}
