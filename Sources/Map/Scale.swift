import Iomem
import Ownership

/// Pieces as segments of a bar with `width` cells: each has at least one, the others are shared by size, and where there are
/// more pieces than cells, small neighbours are folded.
func laidOut(_ pieces: [Piece], width: Int) -> [MemoryMap.Segment] {
    let folded = folded(pieces, atMost: width)
    // The bytes of a gap are not drawn to scale.
    let cells = shares(of: width, by: folded.map { $0.holder == .gap ? 0 : $0.range.size })
    var start = 0
    return zip(folded, cells).map { piece, count in
        defer { start += count }
        return MemoryMap.Segment(
            range: piece.range,
            cells: start..<start + count,
            holder: piece.holder,
            after: piece.after,
            isChanged: piece.isChanged,
            owned: piece.owned,
            count: piece.count
        )
    }
}

/// `total` in whole parts by `sizes`, each at least 1; `sizes` has from 1 to `total` elements.
///
/// What is too small for its 1 takes it from the others, by their sizes; what is left by rounding goes where most was cut off.
func shares(of total: Int, by sizes: [UInt64]) -> [Int] {
    let weights = sizes.map { Double($0) }
    var small = Array(repeating: false, count: sizes.count)
    var (room, weight) = (Double(total), weights.reduce(0, +))
    while true {
        let found = weights.indices.filter { !small[$0] && weights[$0] * room < weight }
        if found.isEmpty { break }
        for index in found { small[index] = true }
        let large = weights.indices.filter { !small[$0] }
        room = Double(total - (sizes.count - large.count))
        weight = large.reduce(0) { $0 + weights[$1] }
    }
    let exact = weights.indices.map { small[$0] || weight == 0 ? 1 : weights[$0] * room / weight }
    var shares = exact.map { max(1, Int($0)) }
    var rest = total - shares.reduce(0, +)
    // Rounding of the exact shares can take a cell too many.
    while rest < 0, let largest = shares.indices.max(by: { shares[$0] < shares[$1] }) {
        shares[largest] -= 1
        rest += 1
    }
    guard rest > 0 else { return shares }
    let byRest = exact.indices.sorted { left, right in
        let (one, other) = (exact[left] - Double(shares[left]), exact[right] - Double(shares[right]))
        return one != other ? one > other : left < right
    }
    // If all are small there can be more left than one for each.
    for index in 0..<rest { shares[byRest[index % byRest.count]] += 1 }
    return shares
}

/// At most `count` pieces: neighbours are made one as long as they are small together, and larger ones only if they must.
func folded(_ pieces: [Piece], atMost count: Int) -> [Piece] {
    var folded = pieces
    var limit: UInt64 = 1
    while folded.count > count {
        folded = joined(folded, upTo: limit)
        limit = limit.multipliedSaturated(by: 2)
        // No neighbours are left that are small enough, as of two halves of the address space.
        if limit == .max { return folded.count > count ? halved(pieces, atMost: count) : folded }
    }
    return folded
}

private func joined(_ pieces: [Piece], upTo limit: UInt64) -> [Piece] {
    var result: [Piece] = []
    for piece in pieces {
        if let last = result.last, span(last, piece) <= limit {
            result[result.count - 1] = join(last, piece)
        } else {
            result.append(piece)
        }
    }
    return result
}

/// `pieces` in `count` runs of nearly as many, whatever their sizes.
private func halved(_ pieces: [Piece], atMost count: Int) -> [Piece] {
    let run = (pieces.count + count - 1) / count
    return stride(from: 0, to: pieces.count, by: run).compactMap { start in
        let part = pieces[start..<min(start + run, pieces.count)]
        return part.first.map { part.dropFirst().reduce($0, join) }
    }
}

/// The bytes that count in both.
private func span(_ left: Piece, _ right: Piece) -> UInt64 {
    let size = { (piece: Piece) in piece.holder == .gap ? 0 : piece.range.size }
    return size(left).addingSaturated(size(right))
}

private func join(_ left: Piece, _ right: Piece) -> Piece {
    var piece = left
    piece.range = AddressRange(start: left.range.start, end: right.range.end) ?? left.range
    // A gap says nothing about its neighbours.
    if left.holder == .gap {
        piece.holder = right.holder
        piece.after = right.after
    } else if right.holder != .gap {
        if left.holder != right.holder { piece.holder = .several }
        if let more = right.after { piece.after = left.after?.union(more) ?? more }
    }
    piece.isChanged = left.isChanged || right.isChanged
    piece.owned = nil
    piece.count = left.count + right.count
    return piece
}
