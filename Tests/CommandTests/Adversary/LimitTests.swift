import Foundation
import TestCaptures
import Testing

@testable import daxswitch

@Suite("Issue 10, number 16: limits")
struct LimitTests {
    @Test("a firmware range that ends at the last address, on a live root", .enabled(if: Jail.obstacle == nil))
    func lastAddress() throws {
        let root = try TestCaptures.copyWithModules(TestCaptures.root("7.3.4/no-region/03-dax_cxl"))
        try? FileManager.default.removeItem(at: root.url("/sys/firmware/memmap"))
        let entry = root.url("/sys/firmware/memmap/0")
        try FileManager.default.createDirectory(at: entry, withIntermediateDirectories: true)
        for (name, text) in [
            ("start", "0x5d0000000\n"), ("end", "0xffffffffffffffff\n"), ("type", "Soft Reserved\n"),
        ] {
            try Data(text.utf8).write(to: entry.appendingPathComponent(name))
        }
        for arguments in [
            ["status"], ["plan", "hmem"], ["plan", "cxl"], ["verify", "hmem"], ["apply", "hmem", "--dry-run"],
            ["predict", "unload:dax_hmem", "load:dax_hmem"],
            ["predict", "--all-orders", "--verbose", "dax_hmem", "cxl_acpi"],
        ] {
            // A trap ends the process by a signal, which is an error of its own here.
            let ended = try Jail.run(arguments, in: root)
            #expect(ended.output.contains("ffffffffffffffff") || ended.status != 0, "\(arguments)")
        }
    }

    @Test("FIFOs and devices are no plans, policies or lists: 65, at once", .timeLimit(.minutes(1)))
    func devices() throws {
        let directory = TestCaptures.newDirectory()
        let fifo = "\(directory)/fifo"
        try #require(unsafe mkfifo(fifo, 0o600) == 0)
        try #require(unsafe mkfifo("\(fifo).toml", 0o600) == 0)
        let root = try TestCaptures.root("7.3.4/locked-switch/cxl-owned")
        for file in [fifo, "\(fifo).toml", "/dev/zero", "/dev/urandom"] {
            for command in ["plan", "verify", "policies", "apply", "persist"] {
                var words = [command, file]
                if command == "plan" || command == "verify" { words += ["--root", root.path] }
                if command == "apply" || command == "persist" { words.append("--dry-run") }
                let ended = try Tool.run(words)
                #expect(ended.status == 65 || ended.status == 77, "\(words): \(ended.complaint)")
            }
            let ended = try Tool.run(["plan", "cxl", "--root", "@\(file)"])
            #expect(ended.status == 65 && ended.complaint.contains("not a regular file"), "\(file): \(ended.complaint)")
        }
    }

    @Test("a list on standard input that never ends a line", .timeLimit(.minutes(1)))
    func endlessLine() throws {
        let ended = try Tool.run(command: ["sh", "-c", "exec \"$0\" plan cxl --root @- </dev/zero", Tool.path])
        #expect(ended.status == 65 && ended.complaint.contains("longer than 64 KiB"), "\(ended.complaint)")
    }

    /// Runs the tool with a limit of processor time, which a busy machine does not use up; past it a signal ends it.
    private func run(_ arguments: [String], seconds: Int) throws -> Ended {
        // Under a sanitizer it takes several times as long.
        let seconds = TestCaptures.isSanitized ? 10 * seconds : seconds
        return try Tool.run(command: ["sh", "-c", "ulimit -t \(seconds); exec \"$0\" \"$@\"", Tool.path] + arguments)
    }

    /// 10,000 took 15 s, with quadratic work in the prediction and the comparison.
    @Test(
        "a machine with 20,000 Soft Reserved lines is read, planned for and verified in seconds",
        arguments: [
            ["status"], ["plan", "hmem", "--rules", "coordinated"], ["verify", "hmem"],
            ["predict", "load:dax_hmem", "load:kmem", "unload:dax_hmem", "load:dax_hmem"],
        ]
    )
    func lines(command: [String]) throws {
        let root = TestCaptures.newDirectory()
        let files = [
            "proc/sys/kernel/osrelease": "6.12.107\n", "proc/modules": "", "proc/cmdline": "",
            "proc/sys/kernel/modprobe": "", "proc/sys/kernel/modules_disabled": "", "sys/module/x": "",
            "sys/bus/platform/devices/x": "",
        ]
        var text = "00100000-3ffdffff : System RAM\n"
        for number in UInt64(0)..<20_000 {
            let start = 0x1_0000_0000 + number * 0x1000_0000
            text += "\(String(start, radix: 16))-\(String(start + 0x7ff_ffff, radix: 16)) : Soft Reserved\n"
        }
        for (path, text) in files.merging(["proc/iomem": text], uniquingKeysWith: { first, _ in first }) {
            let file = URL(fileURLWithPath: "\(root)/\(path)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(text.utf8).write(to: file)
        }
        let ended = try run(command + ["--verbose", "--root", root], seconds: 20)
        #expect([0, 3, 4].contains(ended.status), "\(ended.complaint)")
        #expect(ended.output.utf8.count { $0 == UInt8(ascii: "\n") } >= 20_000)
    }

    /// It took 35 s: each hazard was compared with all others.
    @Test("a pasted text of 10,000 Soft Reserved lines, each with a hazard, is planned for in seconds")
    func hazards() throws {
        let lines = (UInt64(0)..<10_000).map { number in
            let start = 0x1_0000_0000 + number * 0x20_0000
            return "\(String(start, radix: 16))-\(String(start + 0xf_ffff, radix: 16)) : Soft Reserved\n"
        }
        let file = try temporaryFile("iomem.txt", lines.joined())
        let ended = try run(["plan", "hmem", "--rules", "deferring", "--root", file], seconds: 12)
        #expect(ended.status == 3 && ended.output.contains("10000 hazards"), "\(ended.complaint)")
    }

    @Test("a policy of 200 steps is proved in seconds")
    func longPolicy() throws {
        var order: [String] = []
        while order.count < 200 {
            order += [
                "unload:dax_cxl", "unload:dax_hmem", "load:dax_hmem", "load:dax_cxl", "unload:cxl_acpi",
                "load:cxl_acpi",
            ]
        }
        let words = order.prefix(200).map { "\"\($0)\"" }.joined(separator: ", ")
        let file = try temporaryFile(
            "long.toml",
            "summary = \"long\"\norder = [\(words)]\n[want]\ncovered_by_region = \"cxl\"\nwindow_only = \"any\"\noutside_windows = \"hmem\"\n"
        )
        // Twice what it takes on a processor whose other thread is busy.
        let ended = try run(["policies", file, "--proof"], seconds: 40)
        #expect(ended.status == 0 && ended.output.contains("in effect"))
    }
}
