import Iomem
import LinuxSystem
import Machine
import Ownership

/// `diff` for people: the verdict, the two sides, and a section for each kind of difference.
func diffText(_ diff: Diff, _ a: DiffSide, _ b: DiffSide, _ detail: Detail, style: Style) -> [Line] {
    var lines = verdict(diff, style)
    if detail.isQuiet { return lines }
    lines += (wrapped("A  \(a.title)", indent: 2) + wrapped("B  \(b.title)", indent: 2)).map(style.faint)
    for kind in Diff.Kind.allCases {
        let entries = diff.differences.filter { $0.kind == kind }
        guard !entries.isEmpty else { continue }
        let folded = Folded(entries, detail)
        lines +=
            ["", style.strong("\(kind.heading)")] + aligned(folded.shown.map(row)) + folded.rest("", detail, style)
    }
    lines += unknownText(diff, a, b, detail, style: style)
    let left = Diff.Kind.allCases.filter(diff.notCompared.contains).map(\.plural)
    if !left.isEmpty {
        lines += [""] + wrapped("Not compared: \(left.joined(separator: ", ")).", indent: 0).map(style.faint)
    }
    return lines
}

/// The whole difference in one line.
private func verdict(_ diff: Diff, _ style: Style) -> [Line] {
    guard diff.isEmpty else {
        return wrapped("Different: \(summary(diff)).", indent: 0).map(style.bad)
    }
    if diff.unknowns.isEmpty { return [style.good("Same.")] }
    return [style.good("Same, as far as is known.")]
}

private func summary(_ diff: Diff) -> String {
    let owners = ownerChanges(in: diff)
    var parts = owners.prefix(changesAtMost).map { "\(sizeText($0.size)) \(words($0.a, $0.b))" }
    if owners.count > changesAtMost { parts.append("\(owners.count - changesAtMost) more changes of owner") }
    for kind in Diff.Kind.allCases where kind != .owner {
        let entries = diff.differences.filter { $0.kind == kind }
        if entries.isEmpty { continue }
        parts.append(kind.amount(entries.count, entries.compactMap(\.range).totalSize))
    }
    return parts.joined(separator: ", ")
}

/// The first line has this many pairs of owners.
private let changesAtMost = 3

/// One difference in columns.
private func row(_ entry: Diff.Entry) -> [String] {
    let size = entry.range.map { sizeText($0.size) } ?? ""
    switch entry.kind {
    case .owner, .use: return ["\(entry.subject)", size, words(entry.a, entry.b)]
    case .window, .softReserved: return [entry.subject, size, change(entry)]
    case .region: return [entry.subject, entry.range?.description ?? "", size, change(entry)]
    case .iomem: return [entry.subject, (entry.a + entry.b).joined(separator: " -> "), place(entry) ?? ""]
    case .finding, .hazard:
        let id = "\(entry.id ?? "") (\((entry.a + entry.b).joined(separator: " -> ")))"
        return [id, entry.subject, place(entry) ?? ""]
    case .module:
        let named = { (words: [String]) in words.map { ModuleStanding(rawValue: $0)?.words ?? $0 } }
        return [entry.subject, place(entry) ?? words(named(entry.a), named(entry.b))]
    case .kernel, .hold, .nextBoot, .parameter, .modprobe, .step: return [entry.subject, change(entry)]
    }
}

/// From what to what; of a list of words just those that differ.
private func change(_ entry: Diff.Entry) -> String {
    if let place = place(entry) {
        if entry.kind == .region { return place }
        let words = (entry.a + entry.b).joined(separator: " or ")
        return words == "there" ? place : "\(words), \(place)"
    }
    guard entry.kind == .region, let one = entry.a.first, let other = entry.b.first else {
        return words(entry.a, entry.b)
    }
    let (left, right) = (one.parts(at: ",").map(\.trimmed), other.parts(at: ",").map(\.trimmed))
    let (gone, new) = (left.filter { !right.contains($0) }, right.filter { !left.contains($0) })
    return gone.joined(separator: ", ") + " -> " + new.joined(separator: ", ")
}

/// Which side alone has it; nil where both have.
private func place(_ entry: Diff.Entry) -> String? {
    entry.b.isEmpty ? "only in A" : entry.a.isEmpty ? "only in B" : nil
}

/// What could not be compared, and why.
private func unknownText(_ diff: Diff, _ a: DiffSide, _ b: DiffSide, _ detail: Detail, style: Style) -> [Line] {
    guard !diff.unknowns.isEmpty else { return [] }
    var lines: [Line] = ["", style.strong("Not known")]
    for (name, side, unknowns) in [
        ("A", a, diff.unknowns.filter { !$0.isInA }), ("B", b, diff.unknowns.filter { !$0.isInB }),
    ] where !unknowns.isEmpty {
        let parts = Diff.Kind.allCases.compactMap { kind -> String? in
            let some = unknowns.filter { $0.kind == kind }
            if kind == .kernel && !some.isEmpty {
                return some.map { "the kernel's \($0.subject)" }.joined(separator: ", ")
            }
            if [.parameter, .modprobe].contains(kind) && !some.isEmpty { return kind.plural }
            return some.isEmpty ? nil : kind.amount(some.count, some.compactMap(\.range).totalSize)
        }
        lines += wrapped("in \(name): \(parts.joined(separator: ", "))", indent: 2)
        if let why = side.material.unrecordedWords {
            lines += wrapped("because \(why)", indent: 4).map(style.faint)
        }
        if detail.isVerbose {
            lines += aligned(unknowns.map { ["", $0.kind.noun, $0.id ?? "", $0.subject] })
        }
    }
    return lines
}

extension Diff.Kind {
    /// The heading of its section.
    fileprivate var heading: String {
        switch self {
        case .kernel: "Kernel"
        case .owner: "Owners"
        case .use: "Use"
        case .module: "Modules"
        case .window: "CXL windows"
        case .region: "CXL regions"
        case .softReserved: "Soft Reserved memory"
        case .hold: "Hold"
        case .nextBoot: "Next boot"
        case .parameter: "Kernel parameters"
        case .modprobe: "modprobe configuration"
        case .finding: "Findings"
        case .step: "Steps"
        case .hazard: "Hazards"
        case .iomem: "/proc/iomem"
        }
    }

    /// So many of them, over so many bytes.
    fileprivate func amount(_ count: Int, _ size: UInt64) -> String {
        switch self {
        case .kernel, .hold, .nextBoot: plural
        case .owner: "the owner of \(sizeText(size))"
        case .use: "the use of \(sizeText(size))"
        case .softReserved: "\(sizeText(size)) of \(plural)"
        case .iomem: "\(counted(count, "line")) of /proc/iomem"
        case .parameter: counted(count, "kernel parameter")
        case .modprobe: counted(count, "modprobe setting")
        case .module, .window, .region, .finding, .step, .hazard: counted(count, noun)
        }
    }

    /// All of them.
    fileprivate var plural: String {
        switch self {
        case .kernel: "the kernel"
        case .use: "the use of memory"
        case .softReserved: "Soft Reserved memory"
        case .hold: "the hold"
        case .nextBoot: "the choice for the next boot"
        case .iomem: "lines of /proc/iomem"
        case .parameter: "the kernel parameters"
        case .modprobe: "the modprobe configuration"
        case .owner, .module, .window, .region, .finding, .step, .hazard: noun + "s"
        }
    }

    /// The kind in a word.
    fileprivate var noun: String { self == .iomem ? "line" : rawValue }
}
