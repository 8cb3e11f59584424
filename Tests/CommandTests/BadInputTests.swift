import Foundation
import TestCaptures
import Testing

@Suite("Bad input ends with a clear error and no crash")
struct BadInputTests {
    private func copy() throws -> CaptureRoot {
        try TestCaptures.copy(try TestCaptures.root(kernel: "7.3.4", scenario: "auto-reload", "dax_cxl-first"))
    }

    @Test(
        "usage: 64",
        arguments: [
            ["jump"], ["status", "--speed"], ["plan"], ["predict"], ["predict", "load:ext4"], ["predict", "jump"],
            ["plan", "cxl", "--rules", "old"], ["plan", "cxl", "--initial-probe", "unknown"], ["apply"],
            ["apply", "hmem", "--yes", "--accept", "memory-online"], ["explain", "no-such-rule"],
            ["status", "--root", ""], ["verify", "hmem", "--root", ""], ["predict", "hold", "--root", ""],
            ["history", "--root", ""], ["plan", "hmem", "--root="], ["plan", "hmem", "--root", "/", "--root", ""],
        ]
    )
    func usage(arguments: [String]) throws {
        let ended = try Tool.run(arguments)
        #expect(ended.status == 64)
        #expect(ended.output.isEmpty)
        #expect(!ended.complaint.isEmpty)
    }

    @Test(
        "usage with --json: the document as well, whatever is wrong with the command line",
        arguments: [
            ["jump", "--json"], ["status", "--speed", "--json"], ["plan", "--json"], ["--json"],
            ["persist", "hmem", "--clear", "--json"], ["status", "--json", "--root", ""],
            ["apply", "hmem", "--json", "--wait", "100000"], ["explain", "no-such-rule", "--json"],
        ]
    )
    func usageDocument(arguments: [String]) throws {
        let ended = try Tool.run(arguments)
        #expect(ended.status == 64)
        let document = try ended.document()
        #expect(try Schema(named: "error").problems(document) == [])
        let error = try #require(document["error"] as? [String: Any])
        #expect(error["exit_code"] as? Int == 64)
        let message = try #require(error["message"] as? String)
        #expect(!message.isEmpty && ended.complaint.contains(message))
    }

    @Test("help and the version are no errors, and --json behind -- is a word like any other")
    func noDocument() throws {
        #expect(try Tool.run(["status", "--help", "--json"]).status == 0)
        let ended = try Tool.run(["jump", "--", "--json"])
        #expect(ended.status == 64 && ended.output.isEmpty)
    }

    @Test("a policy with an unknown key: 65, with file, line and key")
    func unknownKey() throws {
        let file = try temporaryFile("fast.toml", "summary = \"s\"\norder = [\"hold\"]\n[want]\nspeed = \"high\"\n")
        for arguments in [["plan", file], ["policies", file], ["verify", file]] {
            let ended = try Tool.run(arguments)
            #expect(ended.status == 65)
            #expect(ended.complaint.contains("fast.toml:4: want.speed: unknown key"))
        }
    }

    @Test("a policy that is not there: 65")
    func noPolicy() throws {
        #expect(try Tool.run(["plan", "fast"]).status == 65)
        #expect(try Tool.run(["plan", "/nowhere/fast.toml"]).status == 65)
    }

    @Test(
        "a truncated, binary, empty or missing iomem: 65, with the file",
        arguments: [
            "00001000-0009fbff : System RAM\n000a0000-000b", "00001000-0009fbff : Sys\u{1}tem RAM\n", "", nil,
        ] as [String?]
    )
    func iomem(text: String?) throws {
        let root = try copy()
        if let text {
            try Data(text.utf8).write(to: root.url("/proc/iomem"))
        } else {
            try FileManager.default.removeItem(at: root.url("/proc/iomem"))
        }
        let ended = try Tool.run(["status", "--json"], on: root)
        #expect(ended.status == 65)
        #expect(ended.complaint.contains("/proc/iomem"))
        let error = try #require(try ended.document()["error"] as? [String: Any])
        #expect(error["exit_code"] as? Int == 65)
    }

    @Test("no sysfs: 65 or a machine without CXL, never a crash")
    func noSysfs() throws {
        let root = try copy()
        try FileManager.default.removeItem(at: root.url("/sys"))
        #expect([0, 65, 69].contains(try Tool.run(["status"], on: root).status))
    }

    @Test("a root directory that is not there: 65")
    func noRoot() throws {
        #expect(try Tool.run(["status", "--root", "/nowhere"]).status == 65)
    }

    @Test(
        "a plan that can't be read: 65, with the key",
        arguments: [
            ("{", "not a JSON document"), ("{}", "schema_version: this key is missing"),
            ("{\"schema_version\": 1, \"kind\": \"status\"}", "kind: \"status\" is not a plan"),
        ]
    )
    func plan(text: String, message: String) throws {
        let file = try temporaryFile("plan.json", text)
        let ended = try Tool.run(["verify", file])
        #expect(ended.status == 65)
        #expect(ended.complaint.contains(message))
        #expect(ended.complaint.contains("plan.json"))
    }

    @Test(
        "a plan with a step, an owner or an address that makes no sense: 65, with the key",
        arguments: [
            ("\"do\" : \"unload\"", "\"do\" : \"jump\"", "steps[0]"),
            ("\"window_only\" : \"hmem\"", "\"window_only\" : \"moon\"", "request.want.window_only"),
            ("\"0x5d0000000\"", "\"5d0000000\"", "[0]"),
            (
                "\"want\" : {", "\"want\" : {\"covered_by_regoin\" : \"cxl\",",
                "request.want.covered_by_regoin: unknown key"
            ),
            ("\"covered_by_region\" : \"hmem\",", "", "request.want.covered_by_region: this key is missing"),
            ("\"lose_regions\" : false,", "", "request.consent.lose_regions: this key is missing"),
            ("\"hazards\" : [", "\"hazards\" : [{\"id\" : \"new\"}", "hazards[0]."),
            (
                "\"hazards\" : [",
                "\"hazards\" : [{\"id\":\"new\",\"severity\":\"loss\",\"subject\":\"\",\"way_out\":\"\",\"why\":\"\",\"consequences\":[]}",
                "hazards[0].id: \"new\" is not a known value"
            ),
            ("\"certain\" : true,", "\"certain\" : \"yes\",", ": wrong type"),
            ("\"certain\" : true,", "\"certain\" : true, \"speed\" : 1.5,", "speed: unknown key"),
            ("\"size\" : 536870912,", "\"size\" : 1.5,", "size: wrong type"),
            ("\"size\" : 536870912,", "\"size\" : 1,", "size: it does not match"),
            ("\"kind\" : \"plan\",", "\"kind\" : \"plan\", \"speed\" : 1,", "speed: unknown key"),
            ("\"missing_facts\"", "\"missing_fact\"", "missing_fact: unknown key"),
            ("\"size\" : 536870912,", "\"size\" : -1,", "size: wrong type"),
            ("\"boot_id\" :", "\"uptime\" : null, \"boot_id\" :", "fingerprint.uptime: unknown key"),
        ]
    )
    func planWords(word: String, replacement: String, place: String) throws {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
        let plan = try Tool.run(["plan", "hmem", "--json"], on: root).output
        #expect(plan.contains(word))
        let file = try temporaryFile("plan.json", plan.replacingOccurrences(of: word, with: replacement))
        let ended = try Tool.run(["verify", file], on: root)
        #expect(ended.status == 65)
        #expect(ended.complaint.contains(place))
    }
}
