package import Iomem
package import Machine

/// What the memory map says of bytes; the raw value is the word in the JSON documents.
package enum RangeMemory: String, Sendable, CaseIterable {
    /// Memory that the firmware marked for drivers.
    case softReserved = "soft-reserved"
    /// A decoder of a memory device answers for them.
    case decoded
    /// The kernel's own memory since the boot.
    case systemRAM = "system-ram"
    /// Another line of `/proc/iomem` is over them that no driver of dax devices makes.
    case reserved
    /// Nothing says that there is memory.
    case none
}

/// What lies under the HMEM ranges: those of an HMAT are ranges of the SRAT, and reach beyond the Soft Reserved memory in them.
struct UnitMemory: Equatable, Sendable {
    /// The lines of iomem over a part of an HMEM range that no driver of dax devices makes: they are there from boot on.
    let lines: [IomemEntry]
    /// The bytes of HMEM ranges that are neither Soft Reserved nor in a ram region: nobody wishes for them.
    let beyond: [AddressRange]
    /// Of the HMEM ranges, what is not Soft Reserved, has no line, and no decoder answers for it.
    let empty: [AddressRange]
    private let units: [AddressRange]
    private let reserved: RangeIndex
    private let decoded: RangeIndex
    private let lineIndex: RangeIndex
    private let beyondIndex: RangeIndex
    private let emptyIndex: RangeIndex

    /// What is known of it on `machine`.
    init(of machine: MachineState) {
        units = machine.hmemRanges
        let softReserved = machine.softReserved.map(\.range)
        let regions = machine.regions.filter { $0.mode == "ram" }.compactMap(\.range)
        let decoded = machine.answering
        reserved = RangeIndex(softReserved)
        self.decoded = RangeIndex(decoded)
        let known = RangeIndex(softReserved + regions)
        beyond = units.flatMap(known.remainder).merged()
        lines = units.isEmpty ? [] : Self.lines(of: machine.iomem, over: units)
        lineIndex = RangeIndex(lines.map(\.range))
        beyondIndex = RangeIndex(beyond)
        let answered = RangeIndex(softReserved + decoded + lines.map(\.range))
        empty = units.flatMap(answered.remainder).merged()
        emptyIndex = RangeIndex(empty)
    }

    /// A line that holds a whole HMEM range, as that of a bus, is around the devices and not in their way.
    private static func lines(of iomem: IomemTree, over ranges: [AddressRange]) -> [IomemEntry] {
        let units = RangeIndex(ranges)
        let holdsOne = { (line: AddressRange) in
            units.places(overlapping: line).contains { line.contains(ranges[$0]) }
        }
        var found: [IomemEntry] = []
        func visit(_ entries: [IomemEntry]) {
            for entry in entries where units.overlaps(entry.range) {
                switch modelName(entry.name) {
                case "daxN.M", "System RAM (kmem)": continue
                case nil where !holdsOne(entry.range): found.append(IomemEntry(range: entry.range, name: entry.name))
                default: visit(entry.children)
                }
            }
        }
        visit(iomem.roots)
        return found
    }

    /// Whether some of `range` is neither Soft Reserved nor in a ram region.
    func isBeyond(_ range: AddressRange) -> Bool { beyondIndex.overlaps(range) }

    /// What of `range` nothing says to be memory.
    func empty(in range: AddressRange) -> [AddressRange] { emptyIndex.intersections(with: range).merged() }

    /// What of `range` is memory: Soft Reserved, or with a decoder that answers for it.
    func memory(in range: AddressRange) -> [AddressRange] {
        (reserved.intersections(with: range) + decoded.intersections(with: range)).merged()
    }

    /// The lines over a part of `range`.
    func lines(in range: AddressRange) -> [IomemEntry] {
        lineIndex.places(overlapping: range).map { lines[$0] }
    }

    /// What lies under bytes that no edge cuts.
    func memory(under range: AddressRange) -> RangeMemory {
        if reserved.overlaps(range) { return .softReserved }
        if decoded.overlaps(range) { return .decoded }
        guard let line = lineIndex.places(overlapping: range).first else { return .none }
        return lines[line].name == "System RAM" ? .systemRAM : .reserved
    }

    /// Where HMEM ranges begin and end, and where what lies under them changes; none where they are the Soft Reserved ranges.
    var edges: [AddressRange] { beyond.isEmpty ? [] : units + lines.map(\.range) + empty }
}

extension MachineState {
    /// The ranges of which dax_hmem makes devices, each whole; none where `device_hmem.disable` is set.
    package var hmemRanges: [AddressRange] {
        hmemSettings.isDisabled ? [] : softReserved.compactMap(\.hmemRange).uniqued()
    }
}
