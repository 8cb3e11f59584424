import ArgumentParser

/// When text is in colour; the raw value is the word of `--color`.
enum ColourChoice: String, WordChoice {
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

/// `--quiet`, `--verbose` and `--all`.
struct DetailOptions: ParsableArguments {
    @Flag(
        name: [.long, .customShort("q")],
        help: "Print only the verdict; status also prints a line for each finding."
    )
    var quiet = false

    @Flag(
        name: [.long, .customShort("v")],
        help: "Also print evidence, every reason, and everything that --all shows."
    )
    var verbose = false

    @Flag(help: "Show long lists in full. Without it, a list of more than 40 items is cut to 20.")
    var all = false

    func validate() throws {
        if quiet && verbose { throw ValidationError("--quiet and --verbose exclude each other: choose one") }
    }

    /// How much text there is.
    var detail: Detail { Detail(isQuiet: quiet, isVerbose: verbose, showsAll: all || verbose) }
}

/// How much a text says.
struct Detail {
    /// Only the verdict and the findings, a line each.
    var isQuiet = false
    /// Evidence, every reason and every list, too.
    var isVerbose = false
    /// Long lists and maps are not folded.
    var showsAll = false
    /// The option that shows what is folded.
    var allOption = "--all"
    /// There is a map.
    var hasMap = true
}

/// What a command prints; the raw value is the word of `--format`.
enum Format: String, WordChoice {
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
            "Choose the output. table: text without the map; map: only the map; svg: the map as a picture; json: as --json.",
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

    /// Whether the map is all that is printed.
    var isMap: Bool { format == .map || format == .svg }

    /// How much text there is.
    func detail(_ options: DetailOptions) -> Detail {
        var detail = options.detail
        detail.hasMap = format != .table
        return detail
    }

    /// - Throws: `ValidationError` if a map is asked for that many machines have none of.
    func validate(_ roots: RootsOption) throws {
        if isMap, let format, roots.single == nil {
            throw ValidationError("--format \(format.rawValue) takes one machine")
        }
    }
}
