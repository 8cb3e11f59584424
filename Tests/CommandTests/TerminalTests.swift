import Testing

@testable import daxswitch

@Suite("The terminal")
struct TerminalTests {
    private func terminal(_ environment: [String: String], columns: Int? = nil, isTerminal: Bool = false) -> Terminal {
        Terminal(environment: environment, columns: columns, isTerminal: isTerminal)
    }

    @Test(
        "COLUMNS decides how wide text is, then the terminal, then 80; always 40 to 300",
        arguments: [
            (nil, nil, 80), (nil, 132, 132), (nil, 20, 40), (nil, 0, 80), (nil, 1000, 300),
            ("100", 132, 100), ("40", nil, 40), ("20", nil, 40), ("300", nil, 300), ("301", nil, 300),
            ("99999", nil, 300), ("99999999999999999999999", nil, 300), ("0", nil, 80), ("0", 132, 132),
            ("", 132, 132), ("abc", nil, 80), ("-60", 132, 132), ("+60", nil, 80), ("60x", nil, 80), (" 60", nil, 80),
        ] as [(String?, Int?, Int)]
    )
    func width(asked: String?, columns: Int?, expected: Int) {
        let environment = asked.map { ["COLUMNS": $0] } ?? [:]
        #expect(terminal(environment, columns: columns).width == expected)
    }

    @Test("colour is for a terminal that is not dumb, unless NO_COLOR is set and not empty; --color decides otherwise")
    func colour() {
        #expect(terminal([:], isTerminal: true).hasColour)
        #expect(terminal(["NO_COLOR": "", "TERM": "xterm"], isTerminal: true).hasColour)
        #expect(!terminal(["NO_COLOR": "1"], isTerminal: true).hasColour)
        #expect(!terminal(["TERM": "dumb"], isTerminal: true).hasColour)
        #expect(!terminal(["TERM": "xterm-256color"]).hasColour)
        #expect(Style(terminal(["NO_COLOR": "1"]), colour: .always).hasColour)
        #expect(!Style(terminal([:], isTerminal: true), colour: .never).hasColour)
        #expect(Style(terminal([:], isTerminal: true)).hasColour)
    }

    @Test(
        "the locale is the first of LC_ALL, LC_CTYPE and LANG that is not empty",
        arguments: [
            ([:], false), (["LANG": "C.UTF-8"], true), (["LANG": "de_DE.utf8@euro"], true), (["LANG": "de_DE"], false),
            (["LANG": "en_US.UTF-8", "LC_ALL": "C"], false), (["LANG": "C", "LC_CTYPE": "C.UTF-8"], true),
            (["LANG": "en_US.UTF-8", "LC_ALL": "", "LC_CTYPE": ""], true), (["LANG": "ja_JP.eucJP"], false),
            (["LC_MESSAGES": "C.UTF-8"], false), (["LC_ALL": "POSIX", "LC_CTYPE": "C.UTF-8"], false),
        ] as [([String: String], Bool)]
    )
    func locale(environment: [String: String], isUTF8: Bool) {
        #expect(terminal(environment).isUTF8 == isUTF8)
    }
}
