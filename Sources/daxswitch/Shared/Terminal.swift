import LinuxSystem
import Synchronization

/// What standard output can show: how many columns, whether in colour, and whether more characters than ASCII.
///
/// Made of the environment and of facts about the terminal, so tests can make any.
struct Terminal: Equatable {
    /// The columns that text is laid out for, within `Terminal.widths`.
    let width: Int
    /// Whether text can have characters beyond ASCII.
    let isUTF8: Bool
    /// Whether colour is wanted, unless the command line says otherwise.
    let hasColour: Bool

    /// Below, no row of a table or map can be read; above, no line of text.
    static let widths = 40...300
    /// The width where none is known, as in a file or a pipe.
    static let usualWidth = 80

    /// - Parameters:
    ///   - columns: The width of the terminal on standard output; nil without a terminal or a width.
    ///   - isTerminal: Standard output is a terminal.
    init(environment: [String: String], columns: Int?, isTerminal: Bool) {
        // A shell sets COLUMNS for itself; who exports it means it.
        let asked = environment["COLUMNS"].flatMap(Self.number)
        let known = [asked, columns].compactMap { $0 }.first { $0 > 0 }
        width = min(max(known ?? Self.usualWidth, Self.widths.lowerBound), Self.widths.upperBound)
        // setlocale(3): the first of these that is set and not empty.
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? "C"
        isUTF8 = Self.isUTF8(locale)
        // https://no-color.org: set and not empty.
        hasColour = isTerminal && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    }

    /// The variables of the environment that are looked at.
    private static let variables = ["COLUMNS", "LC_ALL", "LC_CTYPE", "LANG", "NO_COLOR", "TERM"]

    /// That of the process which prints for this one.
    private static let ofParent = Mutex<Terminal?>(nil)

    /// From now on the terminal is what it is now: a child that goes on as this process has no standard output.
    static func keepCurrent() {
        let terminal = current
        ofParent.withLock { $0 = terminal }
    }

    /// The terminal that this process prints to.
    static var current: Terminal {
        ofParent.withLock { $0 } ?? ofThisProcess
    }

    private static var ofThisProcess: Terminal {
        Terminal(
            environment: [String: String](
                uniqueKeysWithValues: variables.compactMap { name in environmentVariable(name).map { (name, $0) } }
            ),
            columns: Output.columns,
            isTerminal: Output.isTerminal
        )
    }

    /// A number of decimal digits, whatever its size.
    private static func number(_ text: String) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text) ?? .max
    }

    /// Whether the character set of a locale (`language_TERRITORY.codeset@modifier`) is UTF-8.
    private static func isUTF8(_ locale: String) -> Bool {
        let codeset = locale.utf8.drop { $0 != UInt8(ascii: ".") }.dropFirst().prefix { $0 != UInt8(ascii: "@") }
        return ["utf-8", "utf8"].contains(String(decoding: codeset, as: UTF8.self).lowercased())
    }
}

/// How text is laid out and emphasised.
struct Style {
    /// Whether escape sequences are written.
    let hasColour: Bool
    /// The columns that a table or map may take.
    let width: Int
    /// Whether text can have characters beyond ASCII.
    let isUTF8: Bool

    init(hasColour: Bool, width: Int = Terminal.usualWidth, isUTF8: Bool = false) {
        self.hasColour = hasColour
        self.width = width
        self.isUTF8 = isUTF8
    }

    /// For text on `terminal`.
    init(_ terminal: Terminal, colour: ColourChoice = .auto) {
        let hasColour =
            switch colour {
            case .auto: terminal.hasColour
            case .always: true
            case .never: false
            }
        self.init(hasColour: hasColour, width: terminal.width, isUTF8: terminal.isUTF8)
    }

    /// What the environment and standard output allow.
    static var current: Style { Style(.current) }

    /// A heading.
    func strong(_ line: Line) -> Line { emphasised(line, "1") }
    /// Something that went well.
    func good(_ line: Line) -> Line { emphasised(line, "32") }
    /// Something to look at.
    func careful(_ line: Line) -> Line { emphasised(line, "33") }
    /// Something that went wrong.
    func bad(_ line: Line) -> Line { emphasised(line, "31") }
    /// Something that explains.
    func faint(_ line: Line) -> Line { emphasised(line, "2") }

    /// `line` with the emphasis of these SGR numbers (ECMA-48).
    func emphasised(_ line: Line, _ numbers: String) -> Line { hasColour ? line.emphasised(numbers) : line }
}
