import Iomem

/// A list that is shown in part: text for people takes a few screens on any machine.
///
/// Every list that a machine can make long is folded with it: a list above the limit is cut to its first half, and a last line
/// says how much more there is and which option shows it.
struct Folded<Element> {
    let shown: ArraySlice<Element>
    let hidden: ArraySlice<Element>

    /// - Parameter limit: The most items that are all shown.
    init(_ items: [Element], above limit: Int = foldLimit, _ detail: Detail) {
        self.init(items, first: items.count > limit ? limit / 2 : items.count, detail)
    }

    /// - Parameter count: How many items are shown, unless all are asked for.
    init(_ items: [Element], first count: Int, _ detail: Detail) {
        shown = detail.showsAll ? items[...] : items.prefix(count)
        hidden = items.dropFirst(shown.count)
    }

    /// `... and 9,980 more ranges, 4.8 TiB; --all shows them`; nothing if all items are shown.
    ///
    /// - Parameters:
    ///   - noun: What the items are, in the plural.
    ///   - count: How many there are in an item that stands for several.
    ///   - size: The bytes of an item, where they count.
    func rest(
        _ noun: String,
        count: (Element) -> Int = { _ in 1 },
        size: ((Element) -> UInt64)? = nil,
        indent: Int = 2,
        _ detail: Detail,
        _ style: Style
    ) -> [Line] {
        guard !hidden.isEmpty else { return [] }
        let bytes = size.map { size in hidden.reduce(UInt64(0)) { $0.addingSaturated(size($1)) } } ?? 0
        let words = [grouped(hidden.reduce(0) { $0 + count($1) }), "more", noun].filter { !$0.isEmpty }
        return wrapped(
            "\(style.isUTF8 ? "…" : "...") and \(words.joined(separator: " "))"
                + "\(bytes == 0 ? "" : ", \(sizeText(bytes))"); \(detail.allOption) shows them",
            indent: indent
        )
    }
}

/// The most items of a list, each a line or two, that are all shown.
let foldLimit = 40
/// The same for items of several lines.
let paragraphLimit = 10

extension Detail {
    /// A text of a few lines. What is longer, as the names of a thousand devices, is cut unless all is asked for.
    func shortened(_ text: String, to limit: Int = 640) -> String {
        guard !showsAll, text.utf8.count > limit else { return text }
        let start = text.prefix(limit)
        return "\(start[..<(start.lastIndex(of: " ") ?? start.endIndex)]) ... (\(allOption) shows the rest)"
    }

    /// The same for the subject of a line.
    func shortened(subject: String) -> String { shortened(subject, to: 160) }
}

/// A number with its thousands set apart: `9,980`.
func grouped(_ number: Int) -> String {
    let digits = Array(String(number))
    return digits.enumerated().reduce(into: "") { text, digit in
        if digit.offset > 0 && (digits.count - digit.offset) % 3 == 0 { text.append(",") }
        text.append(digit.element)
    }
}

/// Findings or hazards, those of one kind next to each other. What is alike is said once: the first is told in full, and so
/// is each with another fix or reason. Above `paragraphLimit` of a kind, only the first is told in full, and most are just counted.
struct Telling<Item> {
    let items: [Item]
    /// The id.
    let kind: (Item) -> String
    let fix: (Item) -> String
    /// Why it is so, if another reason is to be told in full.
    var reason: (Item) -> String = { _ in "" }
    let ranges: (Item) -> [AddressRange]
    /// The item at a place in full.
    let full: (Int) -> [Line]
    /// The item at a place in a line; the other place is that of the one above with the same fix and reason, nil if it has
    /// others.
    let brief: (Int, Int?) -> Line

    func lines(_ detail: Detail, _ style: Style) -> [Line] {
        var lines: [Line] = []
        var rest = items.indices
        while let first = rest.first {
            let kin = rest.prefix { kind(items[$0]) == kind(items[first]) }
            rest = rest.dropFirst(kin.count)
            let folded = Folded(Array(kin), above: paragraphLimit, detail)
            var told: Int?
            for place in folded.shown {
                let isAlike = told.map { isSame(items[$0], items[place]) } ?? false
                if let told, isAlike && !detail.isVerbose || !folded.hidden.isEmpty {
                    lines.append(brief(place, isAlike ? told : nil))
                } else {
                    told = place
                    lines += full(place)
                }
            }
            lines += folded.rest(kind(items[first]), size: { ranges(items[$0]).totalSize }, detail, style)
        }
        return lines
    }

    private func isSame(_ one: Item, _ other: Item) -> Bool {
        fix(one) == fix(other) && withoutNumbers(reason(one)) == withoutNumbers(reason(other))
    }
}

/// The words of `text`, with `#` for those that have digits, such as names of devices, addresses and sizes, and once for several
/// next to each other.
private func withoutNumbers(_ text: String) -> [Substring] {
    text.split(separator: " ").reduce(into: []) { words, word in
        let isNumber = word.utf8.contains { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        if !isNumber || words.last != "#" { words.append(isNumber ? "#" : word) }
    }
}
