import Foundation

/// A command that a document shows in a block marked `console`, and the output below it.
struct ShownCommand {
    /// `#`: for root, run in the lab; `$`: run by the suite.
    let prompt: Character
    /// The command line.
    let command: String
    /// The numbers of the output's lines, from 0.
    private(set) var place: Range<Int>

    /// The commands of a document, in their order.
    static func all(in lines: [String]) -> [ShownCommand] {
        var found: [ShownCommand] = []
        var isInside = false
        for (number, line) in lines.enumerated() {
            if line.hasPrefix("```") {
                isInside = line == "```console"
            } else if isInside, line.hasPrefix("# ") || line.hasPrefix("$ ") {
                let place = (number + 1)..<(number + 1)
                found.append(ShownCommand(prompt: line.first ?? "$", command: String(line.dropFirst(2)), place: place))
            } else if isInside, let last = found.indices.last {
                found[last].place = found[last].place.lowerBound..<(number + 1)
            }
        }
        return found
    }
}

/// Every command line of the tool in a text in Markdown: in spans of code, and in blocks of lines that are indented by four.
func toolCommands(in text: String) -> [String] {
    let spans = text.matches(of: #/`(daxswitch [^`\n]+)`/#).map { String($0.1) }
    let lines = text.split(separator: "\n").compactMap { line in
        line.wholeMatch(of: #/ {4}(?:[#$] )?(daxswitch .+)/#).map { String($0.1) }
    }
    return spans + lines
}
