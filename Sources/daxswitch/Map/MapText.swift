import Iomem
import LinuxSystem
import Machine
import Map
import Ownership

/// The map for people: for each window its addresses, its regions and who has its bytes, with marks below.
struct MapText {
    private let machine: MachineState
    private let findings: [Finding]
    private let hasPrediction: Bool
    private let showsAll: Bool
    private let style: Style
    private let map: MemoryMap
    private let pen: MapPen

    /// The blanks before a bar.
    private static let indent = 2
    /// The columns of `now` and `after`, with a blank behind them.
    private static let labelWidth = 6
    /// The most bars, unless all are asked for.
    private static let barsAtMost = 20

    /// - Parameters:
    ///   - findings: They are marked with their numbers, from 1.
    ///   - prediction: What is after the steps, to be shown below what is now.
    ///   - showsAll: Nothing is left out, however long it gets.
    init(
        _ machine: MachineState,
        findings: [Finding] = [],
        prediction: Prediction? = nil,
        showsAll: Bool = false,
        style: Style
    ) {
        self.machine = machine
        self.findings = findings
        // Nothing is drawn twice if nothing changes.
        let prediction = prediction?.changesOwners == true ? prediction : nil
        hasPrediction = prediction != nil
        self.showsAll = showsAll
        self.style = style
        let width = style.width - Self.indent - (prediction == nil ? 0 : Self.labelWidth)
        map = MemoryMap(of: machine, findings: findings, prediction: prediction, width: width)
        pen = MapPen(style, width: width)
    }

    /// The bars and the legend; none where the machine has no such memory.
    ///
    /// - Parameter namesFindings: The legend names the findings: they are not listed above the map.
    func lines(namesFindings: Bool = false) -> [Line] {
        let bars = showsAll ? map.bars : Array(map.bars.prefix(Self.barsAtMost))
        let hidden = map.bars.dropFirst(bars.count)
        var lines = bars.flatMap(lines(of:))
        if !hidden.isEmpty {
            let size = sizeText(hidden.map(\.bytes).reduce(0) { $0.addingSaturated($1) })
            lines += wrapped("\(hidden.count) more, \(size): --all shows them.", indent: Self.indent)
        }
        return lines + legend(of: bars, namesFindings: namesFindings)
    }

    private func lines(of bar: MemoryMap.Bar) -> [Line] {
        if bar.segments.allSatisfy({ $0.holder == .empty }) { return [title(of: bar) + style.faint("  no memory")] }
        let names = bar.regions.map { (name: machine.regions[$0.place].name, cells: $0.cells) }
        var lines = [title(of: bar)] + pen.brackets(names).map { label() + $0 } + [label("now") + pen.bar(bar.segments)]
        if bar.changes {
            lines.append(label("after") + pen.bar(bar.segments, after: true))
            lines += pen.marks(
                bar.segments.filter(\.isChanged).map {
                    MapPen.Mark(text: Self.change, cells: $0.cells, fill: Self.change)
                }
            )
            .map { label() + style.strong($0) }
        }
        return lines + pen.marks(marks(of: bar)).map { label() + $0 }
    }

    /// The numbers of the findings; those about the same bytes share a mark.
    private func marks(of bar: MemoryMap.Bar) -> [MapPen.Mark] {
        var alike: [Range<Int>: Set<Int>] = [:]
        for mark in bar.findings { alike[mark.cells, default: []].insert(mark.place) }
        var marks: [MapPen.Mark] = []
        for (cells, places) in alike {
            let isBad = places.contains { findings[$0].severity != .notice }
            let emphasis = isBad ? style.bad : style.careful
            let numbers = places.sorted().map { "\($0 + 1)" }.joined(separator: ",")
            marks.append(MapPen.Mark(text: numbers, cells: cells, emphasis: emphasis))
        }
        return marks
    }

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
    private func legend(of bars: [MemoryMap.Bar], namesFindings: Bool) -> [Line] {
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
        let marked = Set(shown.flatMap { $0.findings.map(\.place) }).sorted()
        if namesFindings {
            items += marked.map { place in
                let finding = findings[place]
                let number = finding.severity == .notice ? style.careful("\(place + 1)") : style.bad("\(place + 1)")
                return number + " \(finding.id.rawValue)"
            }
        } else if !marked.isEmpty {
            items.append("\((marked.first ?? 0) + 1)~ number of a finding")
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
