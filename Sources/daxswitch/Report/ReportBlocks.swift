/// A report, whatever format it is written in: what it says, and nothing of how it looks.
///
/// Its texts may come from the machine and are not escaped: each format does that. In a text, what stands between backquotes
/// is a command.
struct ReportContent {
    /// What the report is about: the host, or the material that it was read from.
    var subject: String
    /// The one line that says how things are.
    var verdict: Verdict
    /// What a reader needs first.
    var facts: [Fact]
    var sections: [Section]

    /// The title of the document.
    var title: String { "daxswitch report: \(subject)" }

    /// How things are, in a line.
    struct Verdict {
        var tone: Tone
        var text: String
    }

    /// How something is to be taken.
    enum Tone: String {
        case good, careful, bad, plain
    }

    /// A name with a value.
    struct Fact {
        var name: String
        var value: String

        init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    /// A part with a heading.
    struct Section {
        /// The part of an address that leads to it: lower case letters and hyphens.
        var anchor: String
        var heading: String
        var blocks: [Block]

        init(_ anchor: String, _ heading: String, _ blocks: [Block]) {
            (self.anchor, self.heading, self.blocks) = (anchor, heading, blocks)
        }
    }

    /// What a section is made of.
    enum Block {
        case paragraph(String)
        case facts([Fact])
        case table(Table)
        /// Things that are done one after the other.
        case steps([Step])
        /// Things in no order.
        case list([String])
        /// A finding or a hazard.
        case notice(Notice)
        /// Lines as the machine or its kernel wrote them.
        case lines([String])
        /// A picture, with the same in words for a format that has none.
        case figure(svg: String, caption: String, lines: [String])
    }

    /// A step, with the word for it in policies.
    struct Step {
        var sentence: String
        var word: String
    }

    /// Rows below column headings.
    struct Table {
        var caption: String
        var columns: [Column]
        var rows: [[Cell]]

        struct Column {
            var heading: String
            /// Its cells are addresses or names, which are set in one width.
            var isCode = false
            /// Its cells are numbers, which are lined up at their ends.
            var isNumber = false

            init(_ heading: String, isCode: Bool = false, isNumber: Bool = false) {
                (self.heading, self.isCode, self.isNumber) = (heading, isCode, isNumber)
            }
        }
    }

    /// A cell of a table.
    struct Cell: ExpressibleByStringInterpolation {
        var text: String
        var tone = Tone.plain

        init(_ text: String, _ tone: Tone = .plain) { (self.text, self.tone) = (text, tone) }
        init(stringLiteral value: String) { text = value }
    }

    /// A finding or a hazard.
    struct Notice {
        var tone: Tone
        /// Its number on the map; nil if it has none.
        var number: Int?
        /// Its id.
        var id: String
        var severity: String
        /// What it is about.
        var subject: String
        /// What is so, or would happen.
        var what: String
        /// Files with their values, and the kernel's own lines.
        var evidence: [String] = []
        /// What follows from it, a sentence each.
        var consequences: [String] = []
        var fix: String
    }
}

extension ReportContent.Table {
    /// Rows beyond this are counted and not written: a report is read by people, and goes into a ticket.
    static let rowsAtMost = 200

    /// The rows that are written.
    var shown: ArraySlice<[ReportContent.Cell]> { rows.prefix(Self.rowsAtMost) }

    /// What is said of the rows that are not; nil if all are.
    var rest: String? {
        rows.count > shown.count
            ? "\(rows.count - shown.count) more rows are not shown; `daxswitch status --all` and `--json` have them."
            : nil
    }
}
