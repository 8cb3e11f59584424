import Machine

/// What the material of a recorded machine lacks, what of it was not understood and what is odd, for people.
///
/// Of lines that were not understood, and of what is odd, there are only the first, unless all is asked for.
func materialText(_ material: MaterialReport, _ detail: Detail, style: Style) -> [Line] {
    func first(_ remarks: [String]) -> [Line] {
        let folded = Folded(remarks, above: paragraphLimit, detail)
        return folded.shown.flatMap { wrapped(detail.shortened($0), indent: 2) } + folded.rest("", detail, style)
    }

    var lines: [Line] = []
    if let words = material.unrecordedWords {
        lines.append(style.strong("Unknown"))
        lines += wrapped("\(words).", indent: 2)
    }
    if !material.notUnderstood.isEmpty {
        lines.append(style.careful("Not understood"))
        lines += first(material.notUnderstood.map(\.description))
    }
    if !material.oddities.isEmpty {
        lines.append(style.careful("Odd"))
        lines += first(material.oddities.map { "\($0)." })
    }
    return lines
}

/// The same for programs.
func materialMembers(_ material: MaterialReport) -> JSONValue {
    [
        "unknown": JSONValue(MaterialReport.Part.allCases.filter(material.unrecorded.contains).map(\.rawValue)),
        "not_understood": .list(
            material.notUnderstood.map { remark in
                [
                    "file": .text(remark.file), "line": JSONValue(remark.line), "text": .text(remark.text),
                    "problem": .text(remark.problem),
                ]
            }
        ),
        "odd": JSONValue(material.oddities),
    ]
}

extension MaterialReport {
    /// Tells on standard error what a command that shows something else must not pass over.
    ///
    /// - Parameter root: which of several machines it is about.
    func complain(about root: String? = nil) {
        let machine = root.map { "\($0): " } ?? ""
        if let words = unrecordedWords { Output.complain("\(machine)not known: \(words)") }
        for remark in notUnderstood { Output.complain("\(machine)not understood: \(remark)") }
        for oddity in oddities { Output.complain("\(machine)odd: \(oddity)") }
    }
}
