import FoundationEssentials
import LinuxSystem

/// A line for people, with parts that are emphasised.
///
/// Whatever a line is made of is escaped as it enters: names of files, processes and devices come from outside, and an
/// escape sequence in one of them must not reach a terminal. The only sequences that a line is written with are those of
/// `Style`.
struct Line: Equatable {
    /// A part of a line, already escaped.
    private struct Part: Equatable {
        var text: String
        /// The number of the SGR sequence (ECMA-48) that emphasises it; nil: none.
        var emphasis: String?
    }

    private var parts: [Part]

    /// A line with this text, escaped.
    init(_ text: some StringProtocol) { parts = text.isEmpty ? [] : [Part(text: text.escaped(), emphasis: nil)] }

    /// The columns that it takes: an emphasis takes none.
    var width: Int { parts.reduce(0) { $0 + $1.text.count } }

    /// What it says, without emphasis.
    var text: String { parts.map(\.text).joined() }

    /// What is written.
    var rendered: String {
        parts.map { part in part.emphasis.map { "\u{1b}[\($0)m\(part.text)\u{1b}[0m" } ?? part.text }.joined()
    }

    /// All of the line with an emphasis, but for parts that have their own.
    fileprivate func emphasised(_ number: String) -> Line {
        var line = self
        for index in line.parts.indices where line.parts[index].emphasis == nil { line.parts[index].emphasis = number }
        return line
    }

    static func + (left: Line, right: Line) -> Line {
        var line = left
        line += right
        return line
    }

    static func += (left: inout Line, right: Line) { left.parts += right.parts }
}

extension Line: ExpressibleByStringInterpolation {
    init(stringLiteral value: String) { self.init(value) }
}

/// How text is emphasised: in colour on a terminal, else not at all.
struct Style {
    /// Whether escape sequences are written.
    let hasColour: Bool

    /// What the environment and standard output allow: NO_COLOR and TERM=dumb are respected.
    static var current: Style {
        let environment = ProcessInfo.processInfo.environment
        let isWanted = environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
        return Style(hasColour: Output.isTerminal && isWanted)
    }

    /// A heading.
    func strong(_ line: Line) -> Line { sequence("1", line) }
    /// Something that went well.
    func good(_ line: Line) -> Line { sequence("32", line) }
    /// Something to look at.
    func careful(_ line: Line) -> Line { sequence("33", line) }
    /// Something that went wrong.
    func bad(_ line: Line) -> Line { sequence("31", line) }
    /// Something that explains.
    func faint(_ line: Line) -> Line { sequence("2", line) }

    private func sequence(_ number: String, _ line: Line) -> Line { hasColour ? line.emphasised(number) : line }
}
