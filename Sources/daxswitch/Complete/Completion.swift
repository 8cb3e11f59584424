import LinuxSystem

/// What can stand where a command line is being typed.
struct Completion: Equatable {
    /// A word with what it means.
    struct Candidate: Equatable {
        var word: String
        var meaning = ""
    }

    /// The words that begin as the one that is typed.
    var candidates: [Candidate] = []
    /// A path can stand there, too.
    var takesPath = false
    /// What stands before the path in the same word: `--root=`, `@`.
    var pathPrefix = ""

    /// A completion of nothing.
    static let nothing = Completion()
}

/// Finds out what can stand in a command line. Pure but for `values`; no machine is read.
struct Completer {
    let tool: CommandSummary
    /// The words for the value of that name, where they are not what the parser knows: `policy`.
    let values: (_ valueName: String) -> [Completion.Candidate]?

    /// What can stand in place of the last of `words`, which follow the name of the tool.
    func completion(of words: [String]) -> Completion {
        var line = TypedLine(command: tool)
        for word in words.dropLast() { line.take(word) }
        return completion(of: words.last ?? "", in: line)
    }

    private func completion(of word: String, in line: TypedLine) -> Completion {
        if let option = line.open { return value(of: option, word, in: line) }
        if !line.isAfterDashes, word.hasPrefix("-"), word != "-" || line.positional == nil {
            guard let equals = word.firstIndex(of: "=") else { return words(options(of: line), for: word) }
            let name = String(word[..<equals])
            guard let option = line.command.option(name) else { return .nothing }
            return value(of: option, String(word[word.index(after: equals)...]), in: line, behind: "\(name)=")
        }
        if let commands = line.commands { return words(commands, for: word) }
        guard let positional = line.positional else {
            return word.isEmpty && !line.isAfterDashes ? words(options(of: line), for: word) : .nothing
        }
        return value(of: positional, word, in: line)
    }

    /// The options that are not given yet, or may be repeated.
    private func options(of line: TypedLine) -> [Completion.Candidate] {
        let arguments = (line.command.arguments ?? []).filter { argument in
            argument.kind != .positional && argument.shouldDisplay
                && (argument.isRepeating || !argument.words.contains(where: line.given.contains))
        }
        return arguments.flatMap { argument in
            argument.words.filter { $0.hasPrefix("--") }.map { .init(word: $0, meaning: argument.abstract ?? "") }
        }
    }

    private func value(
        of argument: CommandSummary.Argument,
        _ word: String,
        in line: TypedLine,
        behind prefix: String = ""
    ) -> Completion {
        let name = line.valueName(of: argument)
        let words = argument.completionKind?.list?.values ?? argument.allValues ?? []
        let listed = words.map { Completion.Candidate(word: $0) }
        let known = values(name) ?? listed
        var completion = self.words(
            known.map { .init(word: prefix + $0.word, meaning: $0.meaning) },
            for: prefix + word
        )
        let isPath = argument.completionKind?.file != nil || argument.completionKind?.directory != nil
        // A list of machines: @LIST.
        let list = isPath && word.hasPrefix("@") ? "@" : ""
        let mayBePath = name.contains("file") || name.contains("policy")
        let isTypedAsPath = word.utf8.contains(UInt8(ascii: "/")) || word.hasPrefix(".") || word.hasPrefix("~")
        completion.takesPath = isPath || name.contains("planfile") || mayBePath && isTypedAsPath
        completion.pathPrefix = completion.takesPath ? prefix + list : ""
        return completion
    }

    private func words(_ candidates: [Completion.Candidate], for word: String) -> Completion {
        Completion(candidates: candidates.filter { $0.word.hasPrefix(word) })
    }
}

/// A command line as far as it is typed.
private struct TypedLine {
    /// The command that was named, or the tool.
    private(set) var command: CommandSummary
    /// The commands that can be named here; nil behind a command that has none.
    private(set) var commands: [Completion.Candidate]?
    /// The options that were given.
    private(set) var given: Set<String> = []
    /// An option whose value comes next.
    private(set) var open: CommandSummary.Argument?
    /// Behind `--`, where no option can stand.
    private(set) var isAfterDashes = false
    private var positionals = 0
    private let tool: CommandSummary

    init(command: CommandSummary) {
        self.command = command
        tool = command
        commands = Self.candidates(in: command)
    }

    private static func candidates(in command: CommandSummary) -> [Completion.Candidate]? {
        let shown = (command.subcommands ?? []).filter { $0.shouldDisplay ?? true }
        return shown.isEmpty ? nil : shown.map { .init(word: $0.commandName, meaning: $0.abstract ?? "") }
    }

    mutating func take(_ word: String) {
        if open != nil {
            open = nil
        } else if isAfterDashes {
            positionals += 1
        } else if word == "--" {
            isAfterDashes = true
        } else if word.hasPrefix("-") && word != "-" {
            let name = word.firstIndex(of: "=").map { String(word[..<$0]) } ?? word
            given.insert(name)
            if name == word, let option = command.option(name), option.kind == .option { open = option }
        } else if let named = command.subcommands?.first(where: { $0.commandName == word }) {
            command = named
            commands = Self.candidates(in: named)
            // `help` takes the name of a command.
            if word == "help" { commands = Self.candidates(in: tool)?.filter { $0.word != "help" } }
        } else {
            positionals += 1
            // What is no command has none, and `help` takes one.
            if commands != nil { commands = [] }
        }
    }

    /// The word without a name that comes next; nil where none can.
    var positional: CommandSummary.Argument? {
        let all = (command.arguments ?? []).filter { $0.kind == .positional }
        guard command.commandName != "help", positionals < all.count else {
            return all.last.flatMap { $0.isRepeating ? $0 : nil }
        }
        let next = all[positionals]
        // What a shell makes of `--root DIR/*`: paths.
        return next.shouldDisplay || given.contains("--root") ? next : nil
    }

    /// The name of a value; with --all-orders, steps are modules.
    func valueName(of argument: CommandSummary.Argument) -> String {
        let name = argument.valueName ?? ""
        return name == "steps" && given.contains("--all-orders") ? "modules" : name
    }
}

extension CommandSummary {
    /// The option or flag that is typed as `word`.
    fileprivate func option(_ word: String) -> Argument? {
        (arguments ?? []).first { $0.kind != .positional && $0.words.contains(word) }
    }
}
