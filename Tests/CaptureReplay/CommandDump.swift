internal import Foundation

/// The commands and options of the tool, as `--experimental-dump-help` prints them.
package struct CommandDump: Decodable {
    /// A command, or the tool itself.
    package struct Command: Decodable {
        package let commandName: String
        package let abstract: String?
        package let subcommands: [Command]?
        package let arguments: [Argument]?

        /// What its help shows.
        package var shown: [Argument] {
            (arguments ?? []).filter { $0.shouldDisplay && !["help", "version"].contains($0.long ?? "") }
        }
    }

    /// An argument or option.
    package struct Argument: Decodable {
        package struct Name: Decodable {
            package let kind: String
            package let name: String
        }

        package let kind: String
        package let names: [Name]?
        package let valueName: String?
        package let isOptional: Bool
        package let isRepeating: Bool
        package let shouldDisplay: Bool
        package let abstract: String?

        /// The long name without its dashes; nil for a positional argument.
        package var long: String? { names?.first { $0.kind == "long" }?.name }
    }

    package let command: Command

    /// The commands but for `help`.
    package var commands: [Command] { (command.subcommands ?? []).filter { $0.commandName != "help" } }
}

extension CommandDump.Command {
    /// The lines of a synopsis.
    var synopsis: [String] {
        [Roff.bold("daxswitch \(commandName)")] + shown.map { $0.synopsis }
    }
}

extension CommandDump.Argument {
    var synopsis: String {
        let value = valueName ?? ""
        guard let long else {
            let name = value.split(separator: "|").map { Roff.italic(String($0)) }.joined(separator: "|")
            let repeated = name + (isRepeating ? "..." : "")
            return isOptional ? "[\(repeated)]" : repeated
        }
        let option = Roff.bold("--\(long)") + (kind == "option" ? " \(Roff.italic(value))" : "")
        return "[\(option)]" + (isRepeating ? "..." : "")
    }
}
