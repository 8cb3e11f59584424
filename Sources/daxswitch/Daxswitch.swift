import ArgumentParser
import CSystem
import LinuxSystem

/// The tool: what it is, and its commands.
struct Daxswitch: ParsableCommand {
    /// The version that `--version` prints.
    static let version = "0.2.0-dev"

    /// Its name. A command that names it as the one above itself is not asked by the parser whether a completion script is
    /// wanted, which takes longer than all else that the parser does: only the tool itself is asked.
    static let name = "daxswitch"

    static let configuration = CommandConfiguration(
        commandName: name,
        abstract: "Choose whether the CXL drivers or dax_hmem own Soft Reserved memory.",
        discussion: """
            Shows who owns each Soft Reserved range. Plans the order in which cxl_acpi, dax_cxl and dax_hmem are \
            unloaded and loaded, and predicts who will own each range and why. Carries the order out, and checks that \
            /proc/iomem matches the prediction.

            Exit codes: 0 done and verified, or nothing to do; 1 failed, nothing changed or rolled back; 2 changes \
            are pending (plan --detailed-exitcode); 3 refused because of a hazard; 4 a difference was found; 5 stopped \
            half-way, run daxswitch recover; 64 usage; 65 bad policy, plan or capture; 69 a module or kernel feature is missing; 75 busy, \
            try again; 77 not permitted.
            """,
        version: version,
        subcommands: [
            StatusCommand.self, PlanCommand.self, PredictCommand.self, ShowCommand.self, ApplyCommand.self,
            ConfirmCommand.self, VerifyCommand.self, DiffCommand.self, ReportCommand.self, RecoverCommand.self,
            PersistCommand.self, CollectCommand.self,
            PoliciesCommand.self, ExplainCommand.self, HistoryCommand.self, VersionCommand.self,
        ]
    )
}

/// Where the process starts.
@main
enum Entry {
    static func main() {
        daxswitch_occupy_streams()
        daxswitch_prepare_signals()
        let arguments = savedArguments()
        if arguments.first == CompletionAnswer.word {
            let lines = CompletionAnswer.lines(for: Array(arguments.dropFirst()))
            return Output.print(whole: lines.map { $0 + "\n" }.joined())
        }
        // Asked for by other programs at each of their starts, and nothing of the parser is needed.
        if arguments == ["--version"] { return Output.print(["\(Daxswitch.version)"]) }
        if let script = CompletionScript(askedFor: arguments) { return Output.print(whole: script.text) }
        do {
            var command = try directly(arguments) ?? Daxswitch.parseAsRoot(arguments)
            try command.run()
        } catch {
            let error = misspelling(arguments) ?? unknownOption(arguments, error) ?? error
            guard let failure = Failure(usage: error) else { Daxswitch.exit(withError: error) }
            if asksForJSON(arguments) { Output.print(errorDocument(failure)) }
            Output.explainUsage(Daxswitch.fullMessage(for: error))
            Daxswitch.exit(withError: ExitCode(failure.status.rawValue))
        }
    }

    /// The command that the first word names, with its options; nil if the rest can't be parsed, or asks for help.
    ///
    /// The parser builds the options of each command on the way to the one that is meant, which takes as long as the work
    /// itself. What it says of a mistake names the whole way, so then it goes there from the root.
    private static func directly(_ arguments: [String]) -> (any ParsableCommand)? {
        guard let name = arguments.first,
            let type = Daxswitch.configuration.subcommands.first(where: { $0._commandName == name })
        else { return nil }
        return try? type.parse(Array(arguments.dropFirst()))
    }

    /// What is wrong with the first word, if that is not a command: the parser complains about what follows it.
    private static func misspelling(_ arguments: [String]) -> ValidationError? {
        let names = Daxswitch.configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
        // `help WORD` is about a command, too.
        guard let word = arguments.first == "help" ? arguments.dropFirst().first : arguments.first,
            !word.hasPrefix("-"), !names.contains(word)
        else { return nil }
        return ValidationError("'\(word)' is not a command.\(suggestion(for: word, in: names))")
    }

    /// The first long option that the command does not have, if the parser complained about something else, such as the
    /// word after it.
    private static func unknownOption(_ arguments: [String], _ error: any Error) -> ValidationError? {
        guard Daxswitch.exitCode(for: error) == .validationFailure,
            Daxswitch.message(for: error).contains("nexpected argument"),
            let command = CommandSummary.tool?.subcommands?.first(where: { $0.commandName == arguments.first })
        else { return nil }
        let known = (command.arguments ?? []).flatMap(\.words) + ["--help", "--version"]
        let options = arguments.prefix { $0 != "--" }.filter { $0.hasPrefix("--") }
            .map { String($0.prefix { $0 != "=" }) }
        guard let option = options.first(where: { !known.contains($0) }) else { return nil }
        let meant = nearest(to: option, in: known).map { ". Did you mean '\($0)'?" } ?? ""
        return ValidationError("Unknown option '\(option)'\(meant)")
    }

    /// Whether `--json` or `--format json` is among arguments that can't be parsed.
    private static func asksForJSON(_ arguments: [String]) -> Bool {
        let options = arguments.prefix { $0 != "--" }
        return options.contains("--json") || options.contains("--format=json")
            || zip(options, options.dropFirst()).contains { $0 == ("--format", "json") }
    }

    /// Whether a file that this process or its parent has open is among the arguments, such as `/dev/stdin`. A child
    /// process has none of them open.
    static var argumentsNameOpenFiles: Bool {
        savedArguments().compactMap { $0.parts(at: "=").last }.contains { value in
            ["/dev/", "/proc/"].contains { value.startsWithBytes(of: $0) }
        }
    }

    /// The arguments without the program's name.
    ///
    /// Swift reads them from `/proc/self/cmdline` and finds none where `/proc` is not mounted, as early in an
    /// initramfs; a C constructor has kept the ones that the kernel passed.
    private static func savedArguments() -> [String] {
        let count = daxswitch_argument_count()
        guard count > 1 else { return [] }
        return (1..<count).compactMap { index in
            unsafe daxswitch_argument(index).map { unsafe String(cString: $0) }
        }
    }
}

extension Failure {
    /// A command line that the parser does not take; nil for any other end.
    fileprivate init?(usage error: any Error) {
        // A command that ran and ended with an exit code has said why.
        guard !(error is ExitCode), Daxswitch.exitCode(for: error) == .validationFailure else { return nil }
        self.init(.usage, code: "usage", Daxswitch.message(for: error))
    }
}
