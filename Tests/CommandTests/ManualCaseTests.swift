import CaptureReplay
import Foundation
import TestCaptures
import Testing

@testable import daxswitch

/// The manuals, with their examples run. `DAXSWITCH_WRITE_CASES=1` writes what is generated in them, as `make docs` does.
@Suite("Manuals")
struct ManualCaseTests {
    private static let manual = Result { try Manual(tool: JailedTool.debugPath) }

    @Test("the pages are current: words, options, and what each example prints", arguments: Manual.pages)
    func current(page: String) throws {
        let manual = try Self.manual.get()
        if ProcessInfo.processInfo.environment["DAXSWITCH_WRITE_CASES"] == "1" { try manual.write(page) }
        let (expected, found) = (try manual.current(page), try Manual.text(page))
        #expect(expected == found, "\(lineDiff(expected: expected, found: found))\nmake docs writes it")
    }

    /// The macros and escapes of roff taken away.
    private func bare(_ text: some StringProtocol) -> String {
        String(text).replacing("\\-", with: "-").replacing(#/\\f[A-Z]/#, with: "")
            .replacing(#/(?m)^\.[A-Z]+ ?/#, with: "").replacing("\"", with: "")
    }

    private func section(_ name: String, of page: String = "daxswitch.8") throws -> Substring {
        let sections = try Manual.text(page).split(separator: "\n.SH ")
        return try #require(sections.first { $0.hasPrefix("\(name)\n") })
    }

    private func options(_ text: some StringProtocol) -> Set<String> {
        Set(bare(text).matches(of: #/--([a-z][a-z-]*)/#).map { String($0.1) })
    }

    @Test("each command has its options in the synopsis, and no others")
    func synopsis() throws {
        let parts = bare(try section("SYNOPSIS")).split(separator: "\ndaxswitch ").dropFirst()
        let commands = try Self.manual.get().commands
        #expect(parts.count == commands.count)
        for (part, command) in zip(parts, commands) {
            #expect(part.hasPrefix("\(command.commandName)\n"))
            #expect(options(part) == Set(command.shown.compactMap(\.long)), "\(command.commandName)")
        }
    }

    @Test("each command is described")
    func described() throws {
        let text = bare(try section("COMMANDS"))
        for command in try Self.manual.get().commands {
            #expect(text.contains("\n\(command.commandName)"), "\(command.commandName)")
        }
    }

    @Test("each option is explained, and no option that no command has")
    func explained() throws {
        let lines = try section("OPTIONS").split(separator: "\n", omittingEmptySubsequences: false)
        let headings = zip(lines, lines.dropFirst()).filter { $0.0 == ".TP" }.map { String($0.1) }
        let shown = Set(try Self.manual.get().commands.flatMap { $0.shown.compactMap(\.long) })
        #expect(options(headings.joined(separator: "\n")) == shown)
    }

    @Test("each exit code is explained")
    func exitCodes() throws {
        let lines = bare(try section("EXIT STATUS")).split(separator: "\n").map(String.init)
        for status in ExitStatus.allCases { #expect(lines.contains("\(status.rawValue)")) }
    }

    @Test("mandoc and groff have no warning, if they are installed", arguments: Manual.pages)
    func warnings(page: String) throws {
        let path = repository.appendingPathComponent("docs/man/\(page)").path
        let checks = [["mandoc", "-T", "lint", "-W", "warning", path], ["groff", "-man", "-ww", "-z", path]]
        for check in checks where FileManager.default.isExecutableFile(atPath: "/usr/bin/\(check[0])") {
            let ended = try Tool.run(command: ["/usr/bin/\(check[0])"] + check.dropFirst())
            #expect(ended.output + ended.complaint == "", "\(check[0])")
        }
    }

    @Test("each page names the others that it belongs to, and they exist")
    func seeAlso() throws {
        for page in Manual.pages {
            let text = bare(try section("SEE ALSO", of: page))
            let named = text.matches(of: #/(daxswitch[a-z-]*) ?\((\d)\)/#).map { "\($0.1).\($0.2)" }
            #expect(!named.isEmpty && named.allSatisfy(Manual.pages.contains), "\(page): \(named)")
        }
    }

    @Test("make install and the packages have every page")
    func installed() throws {
        let spec = try String(
            contentsOf: repository.appendingPathComponent("packaging/rpm/daxswitch.spec"),
            encoding: .utf8
        )
        for section in Set(Manual.pages.map { String($0.suffix(1)) }) {
            #expect(spec.contains("%{_mandir}/man\(section)/daxswitch"), "\(section)")
        }
        let make = try String(contentsOf: repository.appendingPathComponent("Makefile"), encoding: .utf8)
        #expect(make.contains("docs/man/*.[1-9]"))
    }
}
