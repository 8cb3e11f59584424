import LinuxSystem

/// A text of a report in parts: words, and commands that stood between backquotes.
enum ReportText {
    case words(String)
    case command(String)

    /// The parts of `text`, with what a terminal acts on and what is not visible written out.
    static func parts(of text: String) -> [ReportText] {
        let pieces = text.escaped().parts(at: "`", keepingEmpty: true).map(String.init)
        // With an odd number of backquotes, or nothing between two, nothing tells which of them belong together.
        let commands = pieces.indices.filter { !$0.isMultiple(of: 2) }.map { pieces[$0] }
        guard !pieces.count.isMultiple(of: 2), commands.allSatisfy({ !$0.trimmed.isEmpty }) else {
            return [.words(pieces.joined(separator: "`"))]
        }
        return pieces.enumerated().compactMap { index, piece in
            if index.isMultiple(of: 2) { return piece.isEmpty ? nil : .words(piece) }
            return .command(piece)
        }
    }
}
