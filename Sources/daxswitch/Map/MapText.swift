import Iomem
import LinuxSystem
import Machine
import Map
import Ownership

/// The map for people: for each window its addresses, its regions and who has its bytes, with marks below.
struct MapText {
    private let machine: MachineState
    private let marks: [MapMark]
    private let hasPrediction: Bool
    private let detail: Detail
    private let style: Style
    private let map: MemoryMap
    private let pen: MapPen

    /// The blanks before a bar.
    private static let indent = 2
    /// The columns of `now` and `after`, with a blank behind them.
    private static let labelWidth = 6
    /// The most bars, and the most lines of bars, unless all are asked for.
    private static let atMost = (bars: 20, lines: 60)

    /// - Parameters:
    ///   - marks: They are shown with their numbers, from 1.
    ///   - prediction: What is after the steps, to be shown below what is now.
    init(
        _ machine: MachineState,
        marks: [MapMark] = [],
        prediction: Prediction? = nil,
        _ detail: Detail = Detail(),
        style: Style
    ) {
        self.machine = machine
        self.marks = marks
        // Nothing is drawn twice if nothing changes.
        let prediction = prediction?.changesOwners == true ? prediction : nil
        hasPrediction = prediction != nil
        self.detail = detail
        self.style = style
        let width = style.width - Self.indent - (prediction == nil ? 0 : Self.labelWidth)
        map = MemoryMap(of: machine, marks: marks.map(\.ranges), prediction: prediction, width: width)
        pen = MapPen(style, width: width)
    }

    /// The bars and the legend; none where the machine has no such memory.
    ///
    /// - Parameter namesMarks: The legend names the marks: they are not listed above the map.
    func lines(namesMarks: Bool = false) -> [Line] {
        var room = Self.atMost.lines
        let fitting = map.bars.prefix(Self.atMost.bars).prefix { bar in
            room -= lines(of: bar).count
            return room >= 0
        }
        let folded = Folded(map.bars, first: max(fitting.count, 1), detail)
        return folded.shown.flatMap(lines(of:)) + folded.rest("", size: \.bytes, indent: Self.indent, detail, style)
            + legend(of: Array(folded.shown), namesMarks: namesMarks)
    }

    private func lines(of bar: MemoryMap.Bar) -> [Line] {
        if bar.segments.allSatisfy({ $0.holder == .empty }) { return [title(of: bar) + style.faint("  no memory")] }
        let names = bar.regions.map { (name: machine.regions[$0.place].name, cells: $0.cells) }
        var lines = [title(of: bar)] + pen.brackets(names).map { label() + $0 } + [label("now") + pen.bar(bar.segments)]
        if bar.changes {
            lines.append(label("after") + pen.bar(bar.segments, after: true))
            let changes = bar.changedCells.map { MapPen.Mark(text: Self.change, cells: $0, fill: Self.change) }
            lines += pen.marks(changes).map { label() + style.strong($0) }
        }
        return lines + pen.marks(marks(of: bar)).map { label() + $0 }
    }

    /// The numbers of what is marked; those about the same bytes share a mark.
    private func marks(of bar: MemoryMap.Bar) -> [MapPen.Mark] {
        var numbers: [MapPen.Mark] = []
        for (places, cells) in bar.markedCells {
            let emphasis = places.contains { marks[$0].isBad } ? style.bad : style.careful
            let text = Self.numbers(places)
            numbers.append(MapPen.Mark(text: text, cells: cells, emphasis: emphasis))
        }
        return numbers
    }

    /// The numbers of marks at one place, those next to each other as one: `1,3-9,12`.
    ///
    /// - Parameter places: Sorted.
    private static func numbers(_ places: [Int]) -> String {
        let runs = places.reduce(into: [ClosedRange<Int>]()) { runs, place in
            if let last = runs.last, place == last.upperBound + 1 {
                runs[runs.count - 1] = last.lowerBound...place
            } else {
                runs.append(place...place)
            }
        }
        let words = runs.prefix(runsAtMost).map { run in
            let (first, last) = (run.lowerBound + 1, run.upperBound + 1)
            return run.count > 3 ? "\(first)-\(last)" : (first...last).map(String.init).joined(separator: ",")
        }
        return words.joined(separator: ",") + (runs.count > runsAtMost ? ",.." : "")
    }

    /// The most numbers or runs of numbers in a mark.
    private static let runsAtMost = 4

    /// What stands below cells that change.
    private static let change = "^"

    /// What is before a bar; its word only where a bar below says what is after.
    private func label(_ word: String = "") -> Line {
        guard hasPrediction else { return Line(String(repeating: " ", count: Self.indent)) }
        let blanks = String(repeating: " ", count: Self.labelWidth - word.count)
        return Line(String(repeating: " ", count: Self.indent) + word + blanks)
    }

    private func title(of bar: MemoryMap.Bar) -> Line {
        guard let window = bar.window else {
            let place = machine.windows.isEmpty ? "Memory" : "Outside CXL windows"
            return style.strong("\(place)") + "  \(sizeText(bar.bytes))"
        }
        let notes = (window.isLive ? [] : [windowState(window, machine)]) + (window.isFixed ? ["fixed"] : [])
        return style.strong("\(window.number.map { "CXL Window \($0)" } ?? "CXL window")")
            + "  \(window.range)  \(sizeText(window.range.size))"
            + (notes.isEmpty ? "" : style.faint("  \(notes.joined(separator: ", "))"))
    }

    /// What the letters and signs mean, as far as they occur.
    private func legend(of bars: [MemoryMap.Bar], namesMarks: Bool) -> [Line] {
        let shown = bars.filter { !$0.segments.allSatisfy { $0.holder == .empty } }
        let symbols = Set(
            shown.flatMap { bar in
                bar.segments.flatMap { segment in
                    [false, bar.changes].compactMap { MapSymbol(segment, after: $0) }
                }
            }
        )
        var items = MapSymbol.allCases.filter(symbols.contains).map { pen.sample($0) + " \($0.meaning)" }
        if shown.contains(where: \.changes) { items.append(style.strong("\(Self.change)") + " changes") }
        let marked = Set(shown.flatMap { $0.marks.map(\.place) }).sorted()
        if namesMarks {
            items += marked.map { place in
                let number = marks[place].isBad ? style.bad("\(place + 1)") : style.careful("\(place + 1)")
                return number + " \(marks[place].name)"
            }
        } else if let first = marked.first {
            items.append("\(first + 1)~ number of the \(marks[first].noun)")
        }
        // An item is never broken.
        return items.reduce(into: [Line]()) { lines, item in
            if let last = lines.last, last.width + Self.itemGap.count + item.width <= style.width {
                lines[lines.count - 1] = last + Line(Self.itemGap) + item
            } else {
                lines.append(label() + item)
            }
        }
    }

    /// The blanks between two items of the legend.
    private static let itemGap = "   "
}

/// Something to be seen in the map, with a number.
struct MapMark {
    /// A word or two for the legend.
    let name: String
    /// What it is: `finding` or `difference`.
    let noun: String
    /// Its bytes; none if it is about none.
    let ranges: [AddressRange]
    /// Whether it is more than a notice.
    let isBad: Bool

    init(_ finding: Finding) {
        name = finding.id.rawValue
        noun = "finding"
        ranges = finding.ranges
        isBad = finding.severity != .notice
    }

    init(_ difference: Difference) {
        name = difference.kind.rawValue
        noun = "difference"
        ranges = difference.range.map { [$0] } ?? []
        isBad = true
    }
}

extension Prediction {
    /// Whether some range has other owners than now, or may have.
    var changesOwners: Bool { ranges.contains { $0.ownerNow.map { [$0] } != $0.owners } }
}

/// Whether `/proc/iomem` has a window, and why not.
func windowState(_ window: Window, _ machine: MachineState) -> String {
    if window.isLive { return "live" }
    let isLoaded = [.live, .builtin].contains(machine.modules.state(of: "cxl_acpi"))
    return isLoaded ? "no line in /proc/iomem" : "cxl_acpi is not loaded"
}
