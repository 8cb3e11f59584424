import Inspection
import Iomem
import Machine
import Ownership
import TestCaptures
import Testing

@testable import Map

/// `size` bytes from `start`.
func span(_ start: UInt64, _ size: UInt64) -> AddressRange {
    guard let range = AddressRange(start: start, size: size) else { preconditionFailure("empty range") }
    return range
}

@Suite("The map of the memory")
struct MemoryMapTests {
    private static let gibibyte: UInt64 = 1 << 30

    private func machine(windows: [AddressRange] = [], softReserved: [AddressRange] = []) -> MachineState {
        var machine = MachineState(kernel: Kernel(release: "test"), iomem: IomemTree(inFileOrder: []))
        machine.windows = windows.enumerated().map { number, range in
            Window(range: range, number: number, isLive: true, isFixed: false, sources: ["test"])
        }
        machine.softReserved = softReserved.map { SoftReservedRange(range: $0, sources: ["test"]) }
        return machine
    }

    private func device(_ name: String, _ owner: Owner, _ range: AddressRange) -> DaxDevice {
        DaxDevice(name: name, ranges: [range], owner: owner, through: owner == .cxl ? "region0" : "hmem.0", driver: nil)
    }

    private func region(_ name: String, _ range: AddressRange, mode: String = "ram") -> Region {
        Region(
            name: name,
            range: range,
            mode: mode,
            committed: true,
            locked: false,
            assembled: true,
            daxDriver: nil,
            targets: []
        )
    }

    @Test("a machine without any such memory has no bar; a window without ranges is one empty segment")
    func nothing() {
        #expect(MemoryMap(of: machine(), width: 80).bars.isEmpty)
        let map = MemoryMap(of: machine(windows: [span(0x10_0000_0000, Self.gibibyte)]), width: 80)
        #expect(
            map.bars.map(\.segments) == [
                [
                    MemoryMap.Segment(
                        range: span(0x10_0000_0000, Self.gibibyte),
                        cells: 0..<80,
                        holder: .empty,
                        after: nil,
                        isChanged: false,
                        owned: nil,
                        count: 1
                    )
                ]
            ]
        )
    }

    @Test("a window to scale: who has which quarter of it, and where its region is")
    func scale() throws {
        let window = span(0x10_0000_0000, 4 * Self.gibibyte)
        let quarters = (0..<4).map { span(window.start + UInt64($0) * Self.gibibyte, Self.gibibyte) }
        var machine = machine(windows: [window], softReserved: [quarters[0], quarters[1]])
        machine.regions = [region("region0", quarters[0]), region("region1", quarters[3], mode: "pmem")]
        machine.daxDevices = [device("dax0.0", .cxl, quarters[0])]
        let map = MemoryMap(of: machine, marks: [[quarters[1]]], width: 40)
        let bar = try #require(map.bars.first)
        #expect(map.bars.count == 1 && bar.window == machine.windows.first && bar.bytes == window.size)
        #expect(bar.segments.map(\.holder) == [.owner(.cxl), .owner(.none), .empty, .region])
        #expect(bar.segments.map(\.cells) == [0..<10, 10..<20, 20..<30, 30..<40])
        #expect(bar.segments.first?.owned?.device == "dax0.0")
        #expect(bar.regions.map(\.cells) == [0..<10, 30..<40] && bar.regions.map(\.place) == [0, 1])
        #expect(bar.marks.map(\.cells) == [10..<20] && bar.marks.map(\.place) == [0])
    }

    @Test("outside of windows, ranges that are apart have one cell between them, however far that is")
    func outside() throws {
        let ranges = [span(0x1000, Self.gibibyte), span(0xffff_ffff_c000_0000, Self.gibibyte)]
        let bar = try #require(MemoryMap(of: machine(softReserved: ranges), width: 41).bars.first)
        #expect(bar.window == nil && bar.bytes == 2 * Self.gibibyte)
        #expect(bar.segments.map(\.holder) == [.owner(.none), .gap, .owner(.none)])
        #expect(bar.segments.map(\.cells) == [0..<20, 20..<21, 21..<41])
    }

    @Test("a range that a window's edge cuts is in the window's bar, and its rest outside")
    func cutByWindow() {
        let range = span(Self.gibibyte, 2 * Self.gibibyte)
        let map = MemoryMap(
            of: machine(windows: [span(2 * Self.gibibyte, 2 * Self.gibibyte)], softReserved: [range]),
            width: 10
        )
        #expect(
            map.bars.map { $0.segments.map(\.range) } == [
                [span(2 * Self.gibibyte, Self.gibibyte), span(3 * Self.gibibyte, Self.gibibyte)],
                [span(Self.gibibyte, Self.gibibyte)],
            ]
        )
    }

    @Test("System RAM in a window is the kernel's, and an owner that the material does not tell is unknown")
    func holders() {
        let window = span(0x10_0000_0000, 2 * Self.gibibyte)
        let half = span(window.start, Self.gibibyte)
        var machine = machine(windows: [window], softReserved: [span(half.end + 1, Self.gibibyte)])
        machine.iomem = IomemTree(inFileOrder: [
            IomemEntry(range: window, name: "CXL Window 0"), IomemEntry(range: half, name: "System RAM"),
        ])
        machine.material.unrecorded = [.daxDevices]
        #expect(MemoryMap(of: machine, width: 8).bars.map { $0.segments.map(\.holder) } == [[.kernel, .unknown]])
    }

    @Test("a prediction says who may have what after the steps, and what changes")
    func prediction() throws {
        let window = span(0x10_0000_0000, 2 * Self.gibibyte)
        let halves = [span(window.start, Self.gibibyte), span(window.start + Self.gibibyte, Self.gibibyte)]
        var machine = machine(windows: [window], softReserved: halves)
        machine.daxDevices = [device("dax0.0", .cxl, halves[0]), device("dax1.0", .hmem, halves[1])]
        let prediction = Prediction(
            ranges: [
                PredictedRange(
                    range: halves[0],
                    owners: [.cxl, .hmem],
                    through: nil,
                    rules: [],
                    why: "",
                    ownerNow: .cxl
                ),
                PredictedRange(range: halves[1], owners: [.hmem], through: nil, rules: [], why: "", ownerNow: .hmem),
            ],
            modules: [:],
            iomem: [],
            missingFacts: []
        )
        let bar = try #require(MemoryMap(of: machine, prediction: prediction, width: 8).bars.first)
        #expect(bar.segments.map(\.after) == [[.cxl, .hmem], [.hmem]])
        #expect(bar.segments.map(\.isChanged) == [true, false] && bar.changes && bar.changedCells == [0..<4])
        let now = try #require(MemoryMap(of: machine, width: 8).bars.first)
        #expect(now.segments.map(\.after) == [nil, nil] && !now.changes)
    }

    @Test("a region that is created again is shown where nothing was: within a window, and outside of all")
    func restored() {
        let window = span(0x10_0000_0000, 2 * Self.gibibyte)
        let lost = [span(window.start, Self.gibibyte), span(0x20_0000_0000, Self.gibibyte)]
        let prediction = Prediction(
            ranges: lost.map { range in
                PredictedRange(range: range, owners: [.cxl], through: nil, rules: [], why: "", ownerNow: Owner.none)
            },
            modules: [:],
            iomem: [],
            missingFacts: []
        )
        let bars = MemoryMap(of: machine(windows: [window]), prediction: prediction, width: 8).bars
        #expect(bars.map(\.changedCells) == [[0..<4], [0..<8]])
        #expect(bars.map { $0.segments.map(\.holder) } == [[.owner(.none), .empty], [.owner(.none)]])
        #expect(bars.map { $0.segments.map(\.after) } == [[[.cxl], nil], [[.cxl]]])
    }

    @Test("ten thousand ranges are folded into the cells that there are, and none is lost")
    func folding() throws {
        let owners: [Owner] = [.cxl, .hmem]
        let ranges = (0..<10_000).map { span(0x10_0000_0000 + UInt64($0) << 20, 1 << 20) }
        var machine = machine(windows: [span(0x10_0000_0000, 10_000 << 20)], softReserved: ranges)
        machine.daxDevices = ranges.enumerated().map { device("dax\($0.offset).0", owners[$0.offset % 2], $0.element) }
        let bar = try #require(MemoryMap(of: machine, width: 80).bars.first)
        #expect(bar.segments.count <= 80 && bar.segments.count > 20)
        #expect(bar.segments.reduce(0) { $0 + $1.count } == 10_000)
        #expect(bar.segments.allSatisfy { $0.holder == .several && $0.owned == nil })
    }

    @Test(
        "whatever a machine has: bars are whole, in order, without an overlap, and each segment has a cell",
        arguments: 0..<8
    )
    func invariants(part: Int) {
        for seed in 0..<60 {
            var chance = SplitMix(seed: UInt64(part * 1000 + seed))
            let (machine, marks) = randomMachine(&chance)
            for width in [1, 2, 7, 40, 300] {
                check(MemoryMap(of: machine, marks: marks, width: width), machine, "\(part) \(seed) \(width)")
            }
        }
    }

    @Test("recorded machines, with the windows, ranges and regions that they have", arguments: TestCaptures.field)
    func field(name: String) throws {
        let machine = try Inspector(root: TestCaptures.root(name).path).read()
        let map = MemoryMap(of: machine, marks: findings(of: machine) { [] }.map(\.ranges), width: 76)
        check(map, machine, Comment(rawValue: name))
        #expect(map.bars.compactMap(\.window) == machine.windows)
    }

    private func check(_ map: MemoryMap, _ machine: MachineState, _ comment: Comment) {
        let problems = map.bars.flatMap { self.problems($0, map.width) }
        #expect(problems == [], comment)
        // Every tracked byte is in some bar.
        let shown = map.bars.flatMap { $0.segments.map(\.range) }.merged()
        #expect(ownedRanges(of: machine).allSatisfy { $0.range.subtracting(shown).isEmpty }, comment)
    }

    /// What is wrong with a bar.
    private func problems(_ bar: MemoryMap.Bar, _ width: Int) -> [String] {
        var problems: [String] = []
        let (first, last) = (bar.segments.first, bar.segments.last)
        if first?.cells.lowerBound != 0 || last?.cells.upperBound != width { problems.append("not the whole bar") }
        for (one, next) in zip(bar.segments, bar.segments.dropFirst()) {
            if one.cells.upperBound != next.cells.lowerBound || !one.range.touches(next.range) {
                problems.append("\(one.range) is not followed by \(next.range)")
            }
        }
        if bar.segments.contains(where: \.cells.isEmpty) { problems.append("a segment without a cell") }
        if bar.segments.contains(where: { $0.holder == .gap && $0.cells.count > 1 }) { problems.append("a wide gap") }
        if let window = bar.window, first?.range.start != window.range.start || last?.range.end != window.range.end {
            problems.append("not the whole window")
        }
        if (bar.regions + bar.marks).contains(where: { $0.cells.isEmpty || $0.cells.upperBound > width }) {
            problems.append("a mark outside of the bar")
        }
        return problems
    }

    private func randomMachine(_ chance: inout SplitMix) -> (MachineState, [[AddressRange]]) {
        let sizes: [UInt64] = [1, 4095, 1 << 20, 1 << 28, 1 << 30, 1 << 40, .max]
        let starts: [UInt64] = [0, 1, 0x1000, 1 << 28, 1 << 30, 0x5_d000_0000, 1 << 44, .max - 4096, .max]
        func ranges(_ count: ClosedRange<Int>, _ chance: inout SplitMix) -> [AddressRange] {
            (0..<Int.random(in: count, using: &chance)).compactMap { _ in
                let start =
                    (starts.randomElement(using: &chance) ?? 0) &+ UInt64.random(in: 0...8, using: &chance) << 28
                let size = sizes.randomElement(using: &chance) ?? 1
                return AddressRange(start: start, end: start.addingSaturated(size - 1))
            }
        }
        var machine = machine(windows: ranges(0...4, &chance).sorted(), softReserved: ranges(0...6, &chance).sorted())
        machine.regions = ranges(0...4, &chance).sorted().enumerated().map {
            region("region\($0.offset)", $0.element, mode: Bool.random(using: &chance) ? "ram" : "pmem")
        }
        machine.daxDevices = ranges(0...4, &chance).enumerated().map {
            device("dax\($0.offset).0", Bool.random(using: &chance) ? .cxl : .hmem, $0.element)
        }
        return (machine, ranges(0...3, &chance).map { [$0] })
    }
}
