import ArgumentParser
import Inspection
import Machine

/// `--root`, which `plan` takes for many machines as well.
struct RootsOption: ParsableArguments {
    @Option(
        name: .customLong("root"),
        help: ArgumentHelp(
            "Read this directory instead of the running machine: a capture that `collect` made. Several, or @LIST (a "
                + "file with one directory a line, @- for standard input): a line for each, and a summary.",
            valueName: "dir|@list"
        ),
        completion: .directory
    )
    var arguments: [String] = []

    /// The one machine that is asked about; nil where it is a fleet.
    var single: String? {
        guard let first = arguments.first else { return "/" }
        return arguments.count == 1 && !Self.isList(first) ? first : nil
    }

    /// Calls `body` with each directory in the order in which they were given; a list is never held as a whole.
    func forEach(_ body: (String) throws -> Void) throws {
        for argument in arguments {
            guard Self.isList(argument) else {
                try body(argument)
                continue
            }
            var lines = try LineReader(String(argument.dropFirst()))
            while let line = try lines.next() {
                let directory = line.hasSuffix("\r") ? String(line.dropLast()) : line
                if !directory.allSatisfy(\.isWhitespace) { try body(directory) }
            }
        }
    }

    func validate() throws {
        if arguments.contains("") { throw ValidationError(RootOption.emptyMessage) }
    }

    private static func isList(_ argument: String) -> Bool { argument.hasPrefix("@") }
}
