import ArgumentParser

/// When text is in colour; the raw value is the word of `--color`.
enum ColourChoice: String, CaseIterable, ExpressibleByArgument {
    case auto, always, never
}

/// `--color`.
struct ColourOption: ParsableArguments {
    @Option(
        name: .customLong("color"),
        help: ArgumentHelp(
            "Colour the text. auto: on a terminal, unless NO_COLOR is set or TERM is dumb.",
            valueName: "when"
        )
    )
    var choice: ColourChoice = .auto

    /// The style of text on standard output.
    var style: Style { Style(.current, colour: choice) }
}

/// `--quiet` and `--verbose`.
struct DetailOptions: ParsableArguments {
    @Flag(name: [.long, .customShort("q")], help: "Print the result only: one line each.")
    var quiet = false

    @Flag(name: [.long, .customShort("v")], help: "Print everything: evidence, reasons and long lists too.")
    var verbose = false

    func validate() throws {
        if quiet && verbose { throw ValidationError("--quiet and --verbose exclude each other: choose one") }
    }
}

/// What a command prints; the raw value is the word of `--format`.
enum Format: String, CaseIterable, ExpressibleByArgument {
    /// Text without the map.
    case table
    /// The map alone.
    case map
    /// The map alone, as a picture (SVG).
    case svg
    /// The JSON document.
    case json
}

/// `--json` and `--format`, of commands that have a map.
struct FormatOptions: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Print JSON with a stable schema.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "Print only this: the text without the map, the map, the map as a picture, or JSON (as --json).",
            valueName: "format"
        )
    )
    var format: Format?

    func validate() throws {
        if json, let format, format != .json {
            throw ValidationError("--json and --format \(format.rawValue) exclude each other: choose one")
        }
    }

    var wantsJSON: Bool { json || format == .json }
}
