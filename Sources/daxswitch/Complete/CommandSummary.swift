import ArgumentParser
import LinuxSystem

/// A command as the parser of the command line describes it: as much of that as completion needs.
struct CommandSummary: Decodable {
    var commandName: String
    var abstract: String?
    /// Nil is true.
    var shouldDisplay: Bool?
    var subcommands: [CommandSummary]?
    var arguments: [Argument]?

    /// The tool with all its commands.
    static var tool: CommandSummary? {
        struct Dump: Decodable { var command: CommandSummary }
        return try? Dump(json: Daxswitch._dumpHelp().utf8).command
    }

    /// An option, a flag, or a word without a name.
    struct Argument: Decodable {
        enum Kind: String, Decodable { case positional, option, flag }
        struct Name: Decodable {
            var kind: String
            var name: String

            /// As it is typed.
            var word: String { kind == "long" ? "--\(name)" : "-\(name)" }
        }

        /// What the value is completed with.
        struct Values: Decodable {
            struct List: Decodable { var values: [String] }
            /// Nothing is asked for: files of all kinds.
            struct Files: Decodable {}

            var list: List?
            var file: Files?
            var directory: Files?
        }

        var kind: Kind
        var isRepeating: Bool
        var shouldDisplay: Bool
        var names: [Name]?
        var valueName: String?
        var abstract: String?
        var completionKind: Values?
        /// The words that the value can be.
        var allValues: [String]?

        /// The ways in which it is typed; none of a word without a name.
        var words: [String] { (names ?? []).map(\.word) }
    }
}
