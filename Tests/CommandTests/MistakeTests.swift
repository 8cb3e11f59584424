import Foundation
import Ownership
import TestCaptures
import Testing

@testable import daxswitch

@Suite("What a person writes by mistake")
struct MistakeTests {
    private let folder = TestCaptures.newDirectory()

    /// Runs the tool in the folder, where `machine` is a recorded machine.
    private func run(_ arguments: String...) throws -> Ended {
        let machine = "\(folder)/machine"
        if !FileManager.default.fileExists(atPath: machine) {
            let root = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
            try FileManager.default.createSymbolicLink(atPath: machine, withDestinationPath: root.path)
        }
        return try Tool.run(command: [Tool.path] + arguments, in: folder)
    }

    private var files: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }
    }

    @Test(
        "a word that is nearly right: what was meant is named",
        arguments: [
            (["plan", "hmme"], "hmem", 65), (["verify", "hmme"], "hmem", 65), (["policies", "hmme"], "hmem", 65),
            (["apply", "hmme"], "hmem", 65), (["persist", "hmme"], "hmem", 65), (["plna", "hmem"], "plan", 64),
            (["statsu", "--json"], "status", 64), (["explain", "regionlost"], "region-lost", 64),
            (["predict", "lload:dax_hmem"], "load:dax_hmem", 64), (["predict", "hodl"], "hold", 64),
            (["predict", "load:dax_hmme"], "load:dax_hmem", 64),
            (["predict", "--all-orders", "dax_hmme"], "dax_hmem", 64), (["plan", "hmem", "--jsn"], "'--json'", 64),
            (["help", "statsu"], "status", 64), (["status", "--colour", "never"], "'--color'", 64),
        ] as [([String], String, Int32)]
    )
    func suggestions(arguments: [String], meant: String, status: Int32) throws {
        let ended = try Tool.run(arguments)
        #expect(ended.status == status && ended.complaint.contains("Did you mean \(meant)?"), "\(ended)")
    }

    @Test("a word that is like none: no guess, and the same exit code")
    func noSuggestion() throws {
        for arguments in [
            ["plan", "zzzzzz"], ["zzzzzz"], ["explain", "zzzzzz"], ["predict", "zzzzzz"], ["explain", "bone"],
        ] {
            let ended = try Tool.run(arguments)
            #expect(ended.status == (arguments == ["plan", "zzzzzz"] ? 65 : 64))
            #expect(!ended.complaint.contains("Did you mean"))
        }
    }

    @Test("what is not a policy is called what it is: 65", arguments: ["plan", "policies", "persist"])
    func notAPolicy(command: String) throws {
        #expect(try run("plan", "hmem", "--root", "machine", "--out", "p.json").status == 0)
        #expect(try run("predict", "hold", "--root", "machine", "--out", "q.json").status == 0)
        try Data(#"{"kind":"status"}"#.utf8).write(to: URL(fileURLWithPath: "\(folder)/s.json"))
        try Data("x".utf8).write(to: URL(fileURLWithPath: "\(folder)/mine"))
        let expected = [
            ("p.json", "p.json is a saved plan, not a policy"), ("./p.json", "./p.json is a saved plan, not a policy"),
            ("q.json", "q.json is a saved prediction, not a policy"), ("s.json", "of kind status, not a policy"),
            ("machine", "machine is a directory, not a policy"), ("nosuch.json", "nosuch.json: No such file"),
            ("mine", "write ./mine"), ("", "the name of the policy is empty"),
        ]
        for (word, message) in expected {
            let ended = try command == "persist" ? run(command, word, "--dry-run") : run(command, word)
            #expect(ended.status == 65 && ended.complaint.contains(message), "\(command) \(word): \(ended)")
        }
    }

    @Test("apply and verify: neither a policy nor a saved plan, 65", arguments: ["apply", "verify"])
    func neither(command: String) throws {
        _ = try run("status", "--root", "machine")
        for (word, message) in [
            ("nosuch.json", "nosuch.json: No such file"), ("machine", "machine is a directory, not a policy"),
            ("./nosuch.json", "./nosuch.json: No such file"),
        ] {
            let ended = try run(command, word)
            #expect(ended.status == 65 && ended.complaint.contains(message), "\(command) \(word): \(ended)")
        }
    }

    @Test("verify: --rules and --initial-probe are not for a saved plan, which has its own")
    func overrides() throws {
        #expect(try run("plan", "hmem", "--root", "machine", "--out", "p.json").status == 0)
        #expect(try run("verify", "p.json", "--root", "machine").status == 4)
        for words in [["--rules", "deferring"], ["--initial-probe", "done"]] {
            let ended = try run("verify", "p.json", "--root", "machine", words[0], words[1])
            #expect(ended.status == 64 && ended.complaint.contains("p.json is a saved plan"), "\(ended)")
            #expect(try run("verify", "hmem", "--root", "machine", words[0], words[1]).status == 4)
        }
    }

    @Test("--out - is standard output, in place of text", arguments: [["plan", "hmem"], ["predict", "hold"]])
    func planOnStandardOutput(words: [String]) throws {
        let ended = try run(words[0], words[1], "--root", "machine", "--out", "-")
        #expect(ended.status == 0 && ended.complaint == "")
        #expect(try Schema(named: "plan").problems(try ended.document()) == [])
        #expect(try run(words[0], words[1], "--root", "machine", "--out", "-", "--json").output == ended.output)
        #expect(try files == ["machine"])
        // What goes wrong is a document as well.
        #expect(try run(words[0], words[1], "--root", "nosuch", "--out", "-").document()["kind"] as? String == "error")
    }

    @Test("--prometheus - is standard output, in place of text and not beside JSON")
    func metricsOnStandardOutput() throws {
        let ended = try run("verify", "hmem", "--root", "machine", "--prometheus", "-")
        #expect(ended.status == 4)
        #expect(ended.output.split(separator: "\n").allSatisfy { $0.hasPrefix("#") || $0.hasPrefix("daxswitch_") })
        #expect(try files == ["machine"])
        #expect(try run("verify", "hmem", "--root", "machine", "--prometheus", "-", "--json").status == 64)
    }

    @Test("collect - and --root -: 64, and no such directory is made")
    func noStandardStream() throws {
        let collected = try run("collect", "-")
        #expect(collected.status == 64 && collected.complaint.contains("can't write to standard output"))
        #expect(try run("collect", "").status == 64)
        for name in ["x.zip", "x.gz", "x.7z"] {
            let ended = try run("collect", name)
            #expect(ended.status == 64 && ended.complaint.contains("\(name): not an archive type"))
        }
        for command in [["status"], ["plan", "hmem"], ["predict", "hold"], ["verify", "hmem"], ["history"]] {
            let ended = try Tool.run(command: [Tool.path] + command + ["--root", "-"], in: folder)
            #expect(ended.status == 64 && ended.complaint.contains("standard input"), "\(command)")
        }
        #expect(try files == ["machine"])
    }

    @Test(
        "an option that names one thing, twice: 64, and nothing is dropped",
        arguments: [
            ["predict", "hold", "--root", "a", "--root", "b"], ["history", "--root", "a", "--root", "b"],
            ["predict", "hold", "--root", "@list"], ["history", "--root", "*"],
            ["plan", "hmem", "--out", "a", "--out", "b"], ["predict", "hold", "--out", "a", "--out", "b"],
            ["verify", "hmem", "--prometheus", "a", "--prometheus", "b"], ["plan", "hmem", "--out", ""],
        ]
    )
    func twice(arguments: [String]) throws {
        _ = try run("status", "--root", "machine")
        #expect(try Tool.run(command: [Tool.path] + arguments, in: folder).status == 64)
        #expect(try files == ["machine"])
    }

    @Test("history of what is not a root directory: 65")
    func history() throws {
        #expect(try run("history", "--root", "machine").status == 0)
        #expect(try run("history", "--root", "nosuch").complaint == "daxswitch: nosuch: No such file or directory\n")
        #expect(try run("history", "--root", "nosuch").status == 65)
        try Data().write(to: URL(fileURLWithPath: "\(folder)/a.tgz"))
        #expect(try run("history", "--root", "a.tgz").status == 65)
    }

    @Test("a folder of captures or archives as --root: what is in it is named, and how all of it is taken")
    func folderOfCaptures() throws {
        for name in ["n1.tgz", "n2.tar", "n3.txz"] {
            try Data().write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
        let archives = try run("status", "--root", ".")
        #expect(archives.status == 65 && archives.complaint.contains("n1.tgz to n3.txz. Name one, such as ./n1.tgz"))
        #expect(archives.complaint.contains("take all of them: ./*"))
        let scenario = TestCaptures.repository.appendingPathComponent("Tests/Captures/7.3.4").path
        #expect(try run("status", "--root", scenario).complaint.contains("Name one, such as "))
    }

    @Test("the recommended command names the policy as it was named, for a shell")
    func recommendation() throws {
        let policy = repository.appendingPathComponent("Policies/hmem.toml")
        for name in ["mine.toml", "my own.toml", "it's.toml"] {
            try FileManager.default.copyItem(at: policy, to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
        for (word, quoted) in [
            ("hmem", "hmem"), ("mine.toml", "mine.toml"), ("./mine.toml", "./mine.toml"),
            ("my own.toml", "'my own.toml'"), ("it's.toml", "'it'\\''s.toml'"),
        ] {
            let document = try run("plan", word, "--root", "machine", "--json").document()
            #expect(document["recommendation"] as? String == "daxswitch apply \(quoted)")
        }
    }

    @Test("a name for a shell: quoted if needed, and never an option or a list")
    func shellWords() {
        #expect(
            ["a/b.toml", "a b", "", "-x.toml", "@x", "a'b", "$(x)"].map(shellWord) == [
                "a/b.toml", "'a b'", "''", "./-x.toml", "./@x", "'a'\\''b'", "'$(x)'",
            ]
        )
    }
}

@Suite("Confirmation is asked for last", .enabled(if: Jail.obstacle == nil, "no chroot here"))
struct ConfirmationTests {
    private func machine(_ scenario: String, _ moment: String) throws -> CaptureRoot {
        try TestCaptures.copyWithModules(try TestCaptures.root(kernel: "7.3.4", scenario: scenario, moment))
    }

    @Test(
        "without a terminal: nothing to do and nothing to recover 0, refused 3, else 64",
        arguments: ["apply", "persist"]
    )
    func order(command: String) throws {
        let machine = try machine("locked-switch", "cxl-owned")
        let asked = try Jail.run([command, "hmem"], in: machine)
        #expect(
            asked.status == 64 && asked.complaint.contains("\(command) can't ask without a terminal. Use --yes"),
            "\(asked)"
        )
        #expect(!FileManager.default.fileExists(atPath: machine.url("/etc/modprobe.d/01-daxswitch.conf").path))
        #expect(try Jail.run(["recover"], in: machine).status == 0)
        if command == "persist" {
            #expect(try Jail.run(["persist", "--clear"], in: machine).status == 0)
        } else {
            #expect(try Jail.run(["apply", "cxl"], in: machine).status == 0)
            #expect(try Jail.run(["apply", "hmem"], in: try self.machine("auto-reload", "dax_cxl-first")).status == 3)
        }
    }

    @Test("a persist that was cut off, without a terminal: 64, and it is still there")
    func recover() throws {
        let machine = try machine("locked-switch", "cxl-owned")
        try machine.write(
            #"{"schema_version":1,"files":{},"images":{},"has_built":false}"#,
            to: "/var/lib/daxswitch/persist.json"
        )
        #expect(try Jail.run(["recover", "--json"], in: machine).status == 64)
        #expect(FileManager.default.fileExists(atPath: machine.url("/var/lib/daxswitch/persist.json").path))
    }

    @Test("apply says what comes next only where it does nothing")
    func next() throws {
        let machine = try machine("locked-switch", "cxl-owned")
        let preview = try Jail.run(["apply", "hmem", "--dry-run"], in: machine)
        #expect(preview.output.contains("Next: daxswitch apply hmem"))
        let real = try Jail.run(["apply", "hmem"], in: machine)
        #expect(real.output.contains("Safe: 5 steps") && !real.output.contains("Next:"), "\(real.output)")
    }
}
