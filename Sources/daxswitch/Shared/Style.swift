import FoundationEssentials

/// How text is emphasised: in colour on a terminal, else not at all.
struct Style {
    /// Whether escape sequences are written.
    let hasColour: Bool

    /// What the environment and standard output allow: NO_COLOR and TERM=dumb are respected.
    static var current: Style {
        let environment = ProcessInfo.processInfo.environment
        let isWanted = environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
        return Style(hasColour: Output.isTerminal && isWanted)
    }

    /// A heading.
    func strong(_ text: String) -> String { sequence("1", text) }
    /// Something that went well.
    func good(_ text: String) -> String { sequence("32", text) }
    /// Something to look at.
    func careful(_ text: String) -> String { sequence("33", text) }
    /// Something that went wrong.
    func bad(_ text: String) -> String { sequence("31", text) }
    /// Something that explains.
    func faint(_ text: String) -> String { sequence("2", text) }

    private func sequence(_ code: String, _ text: String) -> String {
        hasColour ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }
}
