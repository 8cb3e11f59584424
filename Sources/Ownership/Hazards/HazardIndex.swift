import Iomem

/// Hazards by kind and by the bytes that they are about: those about common bytes are found without a look at all.
///
/// Of n hazards, the index is made in O(n log n); k answers are found in O(k log n). A machine can have one for each of tens of
/// thousands of ranges.
struct HazardIndex {
    /// The hazards of one kind.
    private struct Kind {
        /// Their places, in order.
        var places: [Int] = []
        /// The first that is about no bytes, and so about all.
        var boundless: Int?
        /// Their ranges, and the place of the hazard that each belongs to.
        var ranges: [AddressRange] = []
        var owners: [Int] = []
        var index = RangeIndex([])

        mutating func add(_ hazard: Hazard, at place: Int) {
            places.append(place)
            if hazard.ranges.isEmpty && boundless == nil { boundless = place }
            ranges += hazard.ranges
            owners += Array(repeating: place, count: hazard.ranges.count)
        }
    }

    private var kinds: [Hazard.Identifier: Kind] = [:]

    init(_ hazards: [Hazard]) {
        for (place, hazard) in hazards.enumerated() { kinds[hazard.id, default: Kind()].add(hazard, at: place) }
        for (id, kind) in kinds { kinds[id]?.index = RangeIndex(kind.ranges) }
    }

    /// The places, in order, of the hazards of a kind that are about common bytes with `one`.
    func places(of id: Hazard.Identifier, sharingBytesWith one: Hazard) -> [Int] {
        guard let kind = kinds[id] else { return [] }
        let found = one.ranges.flatMap { kind.index.places(overlapping: $0) }.map { kind.owners[$0] }
        return found.count > 1 ? Set(found).sorted() : found
    }

    /// The place of the first hazard of a kind that concerns `one`: about common bytes, or one of them about none and so about all.
    func first(of id: Hazard.Identifier, concerning one: Hazard) -> Int? {
        guard let kind = kinds[id] else { return nil }
        if one.ranges.isEmpty { return kind.places.first }
        return [places(of: id, sharingBytesWith: one).first, kind.boundless].compactMap { $0 }.min()
    }
}
