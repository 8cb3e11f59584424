import TestCaptures
import Testing

@testable import daxswitch

@Suite("--format, --quiet, --verbose, --color")
struct DisplayOptionTests {
    private let root: CaptureRoot

    init() throws { root = try TestCaptures.root("7.3.4-firmware/scale-2w/dax_cxl") }

    @Test(
        "JSON is the same whatever is said about text",
        arguments: [["status"], ["plan", "hmem"], ["verify", "hmem"]]
    )
    func json(command: [String]) throws {
        let plain = try Tool.run(command + ["--json"], on: root)
        let others = [
            ["--json", "--quiet"], ["--json", "--verbose", "--all"], ["--json", "--color", "always"],
            ["--format", "json"],
        ]
        for options in others {
            #expect(try Tool.run(command + options, on: root).output == plain.output, "\(options)")
        }
    }

    @Test("--quiet prints the health and the findings of status, a line each, and the verdict of the others")
    func quiet() throws {
        let status = try Tool.run(["status", "--quiet"], on: root).output
        #expect(
            status == """
                Broken: 2 findings. Owners: cxl 512 MiB, hmem 1.5 GiB
                undecoded (crash): dax7.0
                unbindable (failure): dax6.0

                """
        )
        #expect(try Tool.run(["plan", "hmem", "-q"], on: root).output.split(separator: "\n").count == 1)
        #expect(try Tool.run(["verify", "hmem", "-q"], on: root).output.split(separator: "\n").count == 1)
    }

    @Test("--format map is the map alone, --format table the text without it")
    func formats() throws {
        let map = try Tool.run(["status", "--format", "map"], on: root).output
        #expect(map.hasPrefix("CXL Window 0") && !map.contains("Kernel"))
        let table = try Tool.run(["status", "--format", "table"], on: root).output
        #expect(table.contains("ADDRESSES") && !table.contains("H==="))
        #expect(try Tool.run(["plan", "hmem", "--format", "svg"], on: root).output.hasPrefix("<svg "))
    }

    @Test(
        "options that exclude each other are usage errors",
        arguments: [
            ["status", "--json", "--format", "map"], ["plan", "hmem", "--json", "--format", "table"],
            ["status", "--quiet", "--verbose"], ["plan", "hmem", "--out", "-", "--format", "map"],
            ["predict", "--all-orders", "dax_cxl", "--format", "svg"], ["status", "--format", "html"],
            ["status", "--color", "maybe"],
        ]
    )
    func usage(arguments: [String]) throws {
        #expect(try Tool.run(arguments, on: root).status == 64)
    }

    @Test("a usage error with --format json is a JSON document, too")
    func usageDocument() throws {
        for words in [["--format", "json"], ["--format=json"]] {
            #expect(try Tool.run(["status", "--nonsense"] + words).document()["kind"] as? String == "error")
        }
    }

    @Test("a reader that goes away ends the tool without a complaint")
    func closedPipe() throws {
        let ended = try Tool.run(command: [
            "sh", "-c", "\"$0\" status --root \"$1\" --all; echo $? >&2", Tool.path, root.path,
        ])
        #expect(ended.status == 0)
        let cut = try Tool.run(command: [
            "sh", "-c", "{ \"$0\" status --root \"$1\" --all; echo $? >&2; } | true", Tool.path, root.path,
        ])
        #expect(["0\n", "141\n"].contains(cut.complaint), "\(cut.complaint)")
    }
}
