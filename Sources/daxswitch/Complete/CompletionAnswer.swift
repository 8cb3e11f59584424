import Machine
import Ownership
import Policy

/// Answers a shell that asks what can stand in a command line: `daxswitch ---complete WORDS…`, the last word being the one at
/// the cursor.
///
/// The first line says whether a path can stand there, and what stands before it in the same word: `path PREFIX` or `words`.
/// Then comes a line for each word: the word, a tab, what it means.
enum CompletionAnswer {
    /// The word that asks for it. It is no command and no option, and no person types it.
    static let word = "---complete"

    /// The lines; none if the parser's description of the tool can't be read.
    static func lines(for words: [String]) -> [String] {
        guard let tool = CommandSummary.tool else { return [] }
        return lines(Completer(tool: tool, values: values).completion(of: words))
    }

    static func lines(_ completion: Completion) -> [String] {
        let first = completion.takesPath ? "path \(completion.pathPrefix)" : "words"
        // The words are the parser's and the names of policies; whatever has a control character in it is left out.
        let candidates = completion.candidates.filter { candidate in
            candidate.word.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
        }
        return [first] + candidates.map { "\($0.word)\t\(summary($0.meaning))" }
    }

    /// The first sentence, which a menu has room for.
    private static func summary(_ text: String) -> String {
        let line = text.split(separator: "\n").first.map(String.init) ?? ""
        guard let end = line.firstRange(of: ". ") ?? line.firstRange(of: ": ") else {
            return line.hasSuffix(".") ? String(line.dropLast()) : line
        }
        return String(line[..<end.lowerBound])
    }

    /// What the parser does not know: policies that somebody has written, and what words mean.
    static func values(_ name: String) -> [Completion.Candidate]? {
        switch name {
        case "modules": Step.modules.map { .init(word: $0) }
        case "steps":
            (["hold", "release"] + Step.modules.flatMap { ["load:\($0)", "unload:\($0)"] }).map { .init(word: $0) }
        case "hazard":
            Hazard.Identifier.acceptable.sorted { $0.rawValue < $1.rawValue }
                .map { .init(word: $0.rawValue, meaning: $0.meaning) }
        case _ where name.contains("policy") || name == "name|file":
            PolicyLibrary().names.map { name in
                .init(word: name, meaning: (try? PolicyLibrary().find(name).policy.summary) ?? "")
            }
        default: nil
        }
    }
}
