import Ownership
import Policy
import Testing

/// What the fuzzer found in policies: texts on which the TOML parser ended the process.
@Suite("Headers of tables in a policy") struct PolicyHeaderTests {
    private static let start = "summary = \"s\"\norder = [\"hold\"]\n"

    @Test(
        "without a name: an error with the line",
        arguments: ["[.a]", "[é]", "[\u{1}]", "[ [a]]", "[[[a]]]", "[\n]", "[#]", "[", "\u{a0}[é]", "[[ ."]
    )
    func nameless(header: String) throws {
        let error = try #require(throws: PolicyError.self) {
            try PolicyFile.parse(Self.start + header + "\n", file: "night.toml")
        }
        #expect(error.line == 3 && error.message.hasPrefix("not TOML"))
    }

    @Test("brackets in strings, arrays and comments are no headers")
    func others() throws {
        let text = """
            summary = \"\"\"
            [é] \\\" [é]
            [.a]\"\"\" # [é]
            order = [
            # [é]
              "hold", '[é]',
            [é]
            """
        let error = try #require(throws: PolicyError.self) { try PolicyFile.parse(text, file: "night.toml") }
        #expect(error.line == 7 && !error.message.contains("a table name"))
        let good = "summary = '''\n[é]'''\norder = [\n\"hold\"]\n[ want ]\n[\"consent\"]\n"
        #expect(try PolicyFile.parse(good, file: "night.toml").order == [.hold])
    }

    @Test(
        "a date, a time or a fraction is no value of a policy",
        arguments: [
            "07:32:00", "1979-05-27", "1.5", "inf", "07:3", "+1", "1e400", "é", "0x1", "[true, 07:x]",
            "{a = 1, b = 07:}",
        ]
    )
    func values(value: String) throws {
        let error = try #require(throws: PolicyError.self) {
            try PolicyFile.parse(Self.start + "x = \(value)\n", file: "night.toml")
        }
        #expect(error.line == 3 && error.message.contains("not a valid value"))
    }

    @Test("a bracket that closes another one", arguments: ["[}", "[1, }", "[[1], [}]", "{a = [}", "{a = 1]", "[#]\n}"])
    func brackets(value: String) throws {
        let error = try #require(throws: PolicyError.self) {
            try PolicyFile.parse(Self.start + "x = \(value)\n", file: "night.toml")
        }
        #expect(error.line == (value.contains("\n") ? 4 : 3) && error.message.contains(" does not close "))
    }

    @Test("lines that end in CR LF are counted") func lineEnds() throws {
        let text = "summary = \"s\"\r\norder = [\r\n  \"hold\",\r\n  \"jump\",\r\n]\r\n"
        let error = try #require(throws: PolicyError.self) { try PolicyFile.parse(text, file: "night.toml") }
        #expect(error.line == 4)
    }
}
