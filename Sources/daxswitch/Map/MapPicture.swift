import Iomem
import LinuxSystem
import Machine
import Map
import Ownership

/// The map as a picture: SVG with its text as text, for a README, a ticket or a report. Whatever comes from the machine is escaped.
struct MapPicture {
    private let machine: MachineState
    private let marks: [MapMark]
    private let hasPrediction: Bool
    private let map: MemoryMap

    /// The most marks that are named.
    private static let namesAtMost = 20

    /// - Parameters:
    ///   - marks: They are shown with their numbers, from 1.
    ///   - prediction: What is after the steps, to be shown below what is now.
    init(_ machine: MachineState, marks: [MapMark] = [], prediction: Prediction? = nil) {
        self.machine = machine
        self.marks = marks
        let prediction = prediction?.changesOwners == true ? prediction : nil
        hasPrediction = prediction != nil
        map = MemoryMap(of: machine, marks: marks.map(\.ranges), prediction: prediction, width: PictureStyle.cells)
    }

    /// The SVG element, which needs nothing else: in a file of its own, or within HTML.
    ///
    /// - Parameters:
    ///   - title: What the picture is of.
    ///   - hasStyle: Its style sheet is in it; else the document around it has `PictureStyle.rules`.
    func svg(title: String, hasStyle: Bool = true) -> String {
        var sheet = Sheet(hasLabels: hasPrediction)
        for bar in map.bars { draw(bar, on: &sheet) }
        if map.bars.isEmpty { sheet.text("No CXL window, no Soft Reserved memory", at: 0, classes: "t") }
        drawLegend(on: &sheet)
        return sheet.svg(
            title: title,
            description: map.bars.map(description).joined(separator: "; "),
            hasStyle: hasStyle
        )
    }

    private func draw(_ bar: MemoryMap.Bar, on sheet: inout Sheet) {
        sheet.text(title(of: bar), at: 0, classes: "t")
        sheet.advance(by: 8)
        sheet.marks(
            bar.regions.map { Sheet.Mark(text: machine.regions[$0.place].name, cells: $0.cells, classes: "n") },
            isAbove: true
        )
        drawRow(bar, after: false, on: &sheet)
        if bar.changes {
            drawRow(bar, after: true, on: &sheet)
            sheet.marks(bar.changedCells.map { Sheet.Mark(text: "changes", cells: $0, classes: "c") }, isAbove: false)
        }
        sheet.marks(
            bar.markedCells.map { places, cells in
                let numbers = places.map { "\($0 + 1)" }.joined(separator: ", ")
                return Sheet.Mark(text: numbers, cells: cells, classes: places.contains { marks[$0].isBad } ? "b" : "w")
            },
            isAbove: false
        )
        sheet.advance(by: 18)
    }

    private func drawRow(_ bar: MemoryMap.Bar, after: Bool, on sheet: inout Sheet) {
        if hasPrediction && bar.changes { sheet.label(after ? "after" : "now") }
        for segment in bar.segments {
            guard let symbol = MapSymbol(segment, after: after) else { continue }
            let labels = segmentLabels(segment, symbol, after: after)
            sheet.box(segment.cells, symbol: symbol, labels: labels, title: "\(segment.range) \(symbol.meaning)")
        }
        sheet.advance(by: PictureStyle.barHeight + 4)
    }

    private func segmentLabels(_ segment: MemoryMap.Segment, _ symbol: MapSymbol, after: Bool) -> [String] {
        if symbol == .empty { return [] }
        let labels = segmentWords(segment, after: after)
        return labels.map { "\(symbol.letter) \($0)" } + [symbol.letter]
    }

    private func title(of bar: MemoryMap.Bar) -> String {
        guard let window = bar.window else {
            return "\(machine.windows.isEmpty ? "Memory" : "Outside CXL windows")  \(sizeText(bar.bytes))"
        }
        let notes = (window.isLive ? [] : [windowState(window, machine)]) + (window.isFixed ? ["fixed"] : [])
        return
            ([window.number.map { "CXL Window \($0)" } ?? "CXL window", "\(window.range)", sizeText(window.range.size)]
            + notes).joined(separator: "  ")
    }

    /// A bar in words, for who can't see it.
    private func description(_ bar: MemoryMap.Bar) -> String {
        let owned = bar.segments.compactMap { segment -> String? in
            guard let symbol = MapSymbol(segment, after: false), symbol != .empty else { return nil }
            let after = bar.changes ? MapSymbol(segment, after: true).map { ", after the steps \($0.meaning)" } : nil
            return "\(segment.range) \(symbol.meaning)\(segment.isChanged ? after ?? "" : "")"
        }
        // Nobody listens to a hundred ranges.
        let more = owned.count > 20 ? " and \(owned.count - 20) more" : ""
        return "\(title(of: bar)): \(owned.isEmpty ? "no memory" : owned.prefix(20).joined(separator: ", "))\(more)"
    }

    private func drawLegend(on sheet: inout Sheet) {
        let symbols = Set(
            map.bars.flatMap { bar in
                bar.segments.flatMap { segment in [false, bar.changes].compactMap { MapSymbol(segment, after: $0) } }
            }
        )
        sheet.legend(MapSymbol.allCases.filter(symbols.contains))
        let marked = Set(map.bars.flatMap { $0.marks.map(\.place) }).sorted()
        for place in marked.prefix(Self.namesAtMost) {
            sheet.text("\(place + 1) \(marks[place].name)", at: 0, classes: marks[place].isBad ? "b" : "w")
        }
        let hidden = marked.count - Self.namesAtMost
        if hidden > 0 { sheet.text("and \(hidden) more", at: 0, classes: "t") }
    }
}
