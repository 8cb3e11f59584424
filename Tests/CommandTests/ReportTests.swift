import Foundation
import Inspection
import Iomem
import LinuxSystem
import Machine
import Ownership
import TestCaptures
import Testing

@testable import daxswitch

@Suite("report")
struct ReportTests {
    private let folder = TestCaptures.newDirectory()

    private func root() throws -> CaptureRoot {
        try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
    }

    private func status(_ root: CaptureRoot) throws -> MachineStatus {
        let tree = try TestCaptures.tree(of: root)
        let machine = try Inspector(tree: tree, log: RecordedKernelLog(tree: tree)).read()
        return MachineStatus(machine: machine, findings: findings(of: machine) { [] })
    }

    /// The report of a machine, with a plan if there is one.
    private func content(_ status: MachineStatus, _ plan: Plan? = nil) -> ReportContent {
        var source = ReportSource(madeAt: "2027-01-15T08:00:00Z", command: "daxswitch report", isRedacted: false)
        source.status = status
        source.root = MachineRoot(path: "root")
        source.plan = plan
        return ReportContent(source)
    }

    /// The last moments of every sixth scenario of each kernel: owners, hazards and doubts of every kind.
    private static let roots: [CaptureRoot] = TestCaptures.kernels.flatMap { kernel in
        TestCaptures.scenarios(kernel: kernel).enumerated().filter { $0.offset.isMultiple(of: 6) }.compactMap {
            TestCaptures.roots(kernel: kernel, scenario: $0.element).last
        }
    }

    @Test("machines of each kernel, with a plan and without: whole documents, in both formats", arguments: roots)
    func wholeDocuments(root: CaptureRoot) throws {
        let status = try status(root)
        let plan = try? Planner(machine: status.machine).predict([
            .unload("dax_cxl"), .unload("dax_hmem"), .load("dax_hmem"),
        ])
        for content in [content(status), content(status, plan)] {
            #expect(MarkupCheck(ReportHTML.document(content)).problems == [], "\(root)")
            let markdown = ReportMarkdown.document(content)
            #expect(markdown.hasPrefix("# daxswitch report") && markdown.hasSuffix("\n"))
            let html = ReportHTML.document(content)
            for finding in status.findings {
                #expect(html.contains(finding.id.rawValue) && markdown.contains(finding.id.rawValue))
            }
        }
    }

    /// Text as somebody may put it into a name or the kernel log.
    private static let hostile = [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onload='x", "</style><b>", "&lt;&#x3c;",
        "--><!--",
        "\u{1b}[31mred\u{1b}[0m", "\u{202e}fdp.exe", "a\u{0}b\u{7f}\u{9b}31m", "| a | b |", "`x` and `", "``` ```",
        "[text](http://example.org)", "http://example.org www.example.org @user #1", "# heading",
        "\r\nnew line\n- item",
        "**bold** __bold__ ~~gone~~ $x$",
        [0xfffe, 0xfdd0, 0x2028, 0x200b].compactMap(UnicodeScalar.init).map(String.init).joined(), "1. list", "+ list",
        "\\", "%s%n",
        "日本語 🙂",
    ]

    @Test("names that hold marks, escape sequences and hidden characters are text, in both formats", arguments: hostile)
    func hostileNames(name: String) throws {
        var machine = try status(try root()).machine
        machine.host.name = name
        machine.kernel.release = name
        machine.daxDevices[0].name = name
        machine.regions[0].name = name
        machine.windows[0].sources = [name]
        machine.kernel.generation.evidence = [name]
        machine.kernel.commandLine = KernelCommandLine("efi=\(name)")
        machine.material.notUnderstood = [.init(file: name, line: 1, text: name, problem: name)]
        machine.material.oddities = [name]
        let finding = Finding(.noOwner, subject: name, what: name, evidence: [name, name], fix: name)
        var plan = try Planner(machine: try status(try root()).machine).predict([.unload("dax_cxl")])
        plan.notes = [name]
        plan.prediction.missingFacts = [name]
        plan.prediction.ranges[0].why = name
        plan.prediction.ranges[0].through = name
        plan.hazards = [Hazard(id: .regionLost, subject: name, why: name, fix: name)]
        let content = content(MachineStatus(machine: machine, findings: [finding]), plan)
        #expect(MarkupCheck(ReportHTML.document(content)).problems == [])
        let markdown = ReportMarkdown.document(content)
        #expect(markdown.unicodeScalars.allSatisfy { $0 == "\n" || !$0.isEscaped })
        var fence: Substring?
        for line in markdown.split(separator: "\n", omittingEmptySubsequences: false) {
            let run = line.prefix { $0 == "`" }
            if let opened = fence {
                if line == opened { fence = nil }
                continue
            }
            if run.count >= 3 {
                #expect(line.hasSuffix("text"))
                fence = run
                continue
            }
            // What is left when escaped marks and code are taken away has no mark of HTML, link or table of its own.
            // What is bold is ours: a fix, or a whole line.
            let words =
                line.hasPrefix("**Fix:** ")
                ? line.dropFirst(9) : line.hasPrefix("**") ? line.dropFirst(2).dropLast(2) : line
            let bare = words.replacing(#/\\[!-\/:-@\[-`{-~]/#, with: "").replacing(#/(`+)[^`].*?\1/#, with: "")
            #expect(!bare.contains { "<[*~".contains($0) }, "\(line)")
            #expect(!bare.contains("://") && !bare.contains("www.") && !bare.contains("@"), "\(line)")
            if bare.hasPrefix("|") { #expect([3, 4, 6, 7].contains(bare.count { $0 == "|" }), "\(line)") }
        }
        #expect(fence == nil)
    }

    @Test("ten thousand ranges: some are shown, all are counted, and the file stays small")
    func manyRanges() throws {
        var machine = MachineState(kernel: Kernel(release: "7.3.4"), iomem: IomemTree(inFileOrder: []))
        for number in 0..<UInt64(10_000) {
            let range = try #require(AddressRange(start: number << 33, size: 1 << 32))
            machine.softReserved.append(SoftReservedRange(range: range, sources: ["a test"]))
        }
        let content = content(MachineStatus(machine: machine, findings: findings(of: machine) { [] }))
        for text in [ReportHTML.document(content), ReportMarkdown.document(content)] {
            #expect(text.utf8.count < 400_000)
            #expect(text.contains("9800 more rows") && text.contains("none 39.1 TiB"))
        }
    }

    private func run(_ arguments: [String]) throws -> Ended {
        try Tool.run(["report", "--root", try root().path] + arguments)
    }

    @Test("a file that is there is left alone, and replaced with --force; a new one is its owner's alone")
    func existingFile() throws {
        let path = "\(folder)/report.html"
        try Data("old".utf8).write(to: URL(fileURLWithPath: path))
        let refused = try run(["--out", path])
        #expect(refused.status == 64 && refused.complaint.contains("--force") && refused.complaint.contains(path))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
        #expect(try run(["--out", path, "--force"]).status == 0)
        #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix("<!DOCTYPE html>"))
        let ended = try run(["--out", "\(folder)/new.html"])
        #expect(ended.status == 0 && ended.output.contains("new.html"))
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/new.html")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(try run(["--out", folder]).status == 64)
        let told = try run(["--out", "\(folder)/told.md", "--format", "md", "--json"])
        #expect(try Schema(named: "report").problems(try told.document()) == [])
        #expect(try told.document()["health"] as? String == "ok")
    }

    @Test("a full disk is an error; a reader that goes away is not")
    func loss() throws {
        let full = try run(["--out", "/dev/full"])
        #expect(full.status == 1 && full.complaint.contains("/dev/full"))
        let words = [Tool.path, "report", "--root", try root().path]
        let closed = try Tool.run(command: ["sh", "-c", "\"$@\" | head -c 100; exit 0", "sh"] + words)
        #expect(closed.status == 0 && closed.complaint == "" && closed.output.utf8.count == 100)
        let output = try Tool.run(command: ["sh", "-c", "exec \"$@\" > /dev/full", "sh"] + words)
        #expect(output.status == 1 && output.complaint.contains("No space left"))
    }

    @Test("--redact: the host's name, its ids and the boot's are nowhere")
    func redaction() throws {
        let host = try TestCaptures.copy(try root())
        let boot = "11111111-2222-4333-8444-555555555555"
        try host.write("node7.example.org\n", to: "/proc/sys/kernel/hostname")
        try host.write("\(boot)\n", to: "/proc/sys/kernel/random/boot_id")
        let plan = "\(folder)/node7.json"
        _ = try Tool.run(["plan", "hmem", "--root", host.path, "--out", plan])
        for arguments in [["--root", host.path], ["--root", host.path, "--plan", plan], ["--plan", plan]] {
            let open = try Tool.run(["report", "--format", "md"] + arguments)
            #expect(open.status == 0 && open.output.contains("node7.example.org"), "\(open.complaint)")
            for format in ["md", "html"] {
                let ended = try Tool.run(["report", "--redact", "--format", format] + arguments)
                #expect(ended.status == 0)
                #expect(!ended.output.contains("node7") && !ended.output.contains(boot))
                #expect(ended.output.contains("redacted-host"))
            }
        }
    }

    @Test("a saved plan of another state of the machine: what changed is told first")
    func stalePlan() throws {
        let plan = "\(folder)/plan.json"
        _ = try Tool.run(["plan", "hmem", "--out", plan], on: try root())
        let later = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "hmem-owned")
        let ended = try Tool.run(["report", "--plan", plan, "--format", "md"], on: later)
        #expect(ended.status == 0 && ended.output.contains("## Changed since the plan"))
        #expect(ended.output.contains("- module cxl_acpi: "))
    }

    @Test("tidy and the report agree, where tidy is installed", .enabled(if: File.exists("/usr/bin/tidy")))
    func tidy() throws {
        let plan = "\(folder)/plan.json"
        _ = try Tool.run(["plan", "hmem", "--out", plan], on: try root())
        for arguments in [[], ["--plan", "hmem"], ["--plan", plan]] {
            let path = "\(folder)/tidy.html"
            #expect(try run(arguments + ["--out", path, "--force"]).status == 0)
            let ended = try Tool.run(command: ["tidy", "-e", "-q", path])
            #expect(ended.status == 0 && ended.complaint.isEmpty, "\(ended.complaint)")
        }
    }
}
