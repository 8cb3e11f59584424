import Foundation
import Inspection
import Iomem
import Machine
import Ownership
import TestCaptures
import Testing

@testable import daxswitch

@Suite("diff")
struct DiffTests {
    private func root(_ moment: String, of scenario: String = "locked-switch") throws -> CaptureRoot {
        try TestCaptures.root(kernel: "7.3.4", scenario: scenario, moment)
    }

    private func diff(_ a: String, _ b: String) throws -> (Ended, [String: Any]) {
        let ended = try Tool.run(["diff", a, b, "--json"])
        let document = try ended.document()
        #expect(try Schema(named: "diff").problems(document) == [], "\(a) \(b)")
        return (ended, document)
    }

    @Test("moments of each kernel, plans, field machines and a text: as the schema says, and 0 only for the same")
    func documents() throws {
        let file = "\(TestCaptures.newDirectory())/plan.json"
        let before = try root("cxl-owned")
        _ = try Tool.run(["plan", "hmem", "--out", file], on: before)
        let text = try temporaryFile(
            "pasted.txt",
            "100000000-1ffffffff : CXL Window 0\n  100000000-1ffffffff : region0\n"
        )
        let field = try TestCaptures.root("field/46-split-region-locked-7.1").path
        let sides = [
            before.path, try root("hmem-owned").path, try root("kmem-movable", of: "auto-kmem").path, file, text, field,
        ]
        for a in sides {
            for b in sides {
                let (ended, document) = try diff(a, b)
                #expect(document["same"] as? Bool == (ended.status == 0), "\(a) \(b)")
                #expect([0, 4].contains(ended.status), "\(ended.complaint)")
                if a == b { #expect(ended.status == 0) }
            }
        }
    }

    @Test("kernel parameters and modprobe settings: their entries, what each side has, and what a recording can't tell")
    func settings() throws {
        let a = try TestCaptures.copy(try root("cxl-owned"))
        let b = try TestCaptures.copy(try root("cxl-owned"))
        func add(_ text: String, to path: String, of root: CaptureRoot) throws {
            let url = root.url(path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            let old = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
            try (old.trimmingCharacters(in: .newlines) + text).write(to: url, atomically: true, encoding: .utf8)
        }
        try add(" kernelcore=1G\n", to: "/proc/cmdline", of: b)
        try add("blacklist dax_cxl\noptions dax_hmem region_idle=1\n", to: "/etc/modprobe.d/local.conf", of: b)
        func entries(_ document: [String: Any], _ member: String) -> [String] {
            (document[member] as? [[String: Any]] ?? []).map { "\($0["kind"] ?? "") \($0["subject"] ?? "")" }
        }
        let (_, old) = try diff(a.path, b.path)
        #expect(entries(old, "differences") == ["parameter kernelcore"])
        let settings = ["modprobe blacklist dax_cxl", "modprobe options dax_hmem"]
        #expect(entries(old, "not_known") == ["modprobe all"] + settings)
        // As `collect` records a machine with no such directory but, in one of the two, /etc/modprobe.d.
        let missing = ModprobeFiles.directories.filter { $0 != "/etc/modprobe.d" }.joined(separator: "\n")
        try add("\n\(missing)\n/etc/modprobe.d\n", to: "/absent", of: a)
        try add("\n\(missing)\n", to: "/absent", of: b)
        let (ended, document) = try diff(a.path, b.path)
        #expect(ended.status == 4 && entries(document, "differences") == ["parameter kernelcore"] + settings)
        #expect(entries(document, "not_known") == [])
        let side = try #require(document["b"] as? [String: Any])
        #expect((side["parameters"] as? [String])?.contains("kernelcore=1G") == true)
        #expect(side["modprobe"] as? [String] == ["options dax_hmem region_idle=1", "blacklist dax_cxl"])
        #expect((document["a"] as? [String: Any])?["modprobe"] as? [String] == [])
        let text = try Tool.run(["diff", a.path, b.path]).output
        #expect(text.contains("Kernel parameters\n") && text.contains("/etc/modprobe.d/local.conf:1, only in B"))
    }

    @Test("the sizes of changes of owner are those of the ranges")
    func sizes() throws {
        let (_, document) = try diff(try root("cxl-owned").path, try root("hmem-owned").path)
        let changes = try #require(document["owner_changes"] as? [[String: Any]])
        // The region of this scenario has 512 MiB.
        #expect(changes.map { $0["size"] as? Int } == [512 << 20])
        #expect(changes.map { $0["a"] as? [String] } == [["cxl"]] && changes.map { $0["b"] as? [String] } == [["hmem"]])
    }

    @Test("one machine alone is compared with this host")
    func thisHost() throws {
        let ended = try Tool.run(["diff", try root("cxl-owned").path, "--json"])
        // Where the tests run as an ordinary user, this host can't be read.
        guard [0, 4].contains(ended.status) else { return #expect(ended.status == 77 || ended.status == 69) }
        #expect((try ended.document()["b"] as? [String: Any])?["path"] as? String == "/")
    }

    /// A machine with `count` Soft Reserved ranges that don't touch, every one with an owner.
    private func machine(_ count: Int, owner: Owner) throws -> MachineState {
        var machine = MachineState(kernel: Kernel(release: "7.3.4"), iomem: IomemTree(inFileOrder: []))
        for number in 0..<UInt64(count) {
            let range = try #require(AddressRange(start: number << 33, size: 1 << 32))
            machine.softReserved.append(SoftReservedRange(range: range, sources: ["a test"]))
            machine.daxDevices.append(
                DaxDevice(name: "dax\(number).0", ranges: [range], owner: owner, through: "hmem.\(number)", driver: nil)
            )
        }
        return machine
    }

    @Test("a hundred ranges: twenty lines and a number; all of them on request; the sum in the first line")
    func folding() throws {
        let sides = try [Owner.cxl, .hmem].map { DiffSide("x", .machine(try machine(100, owner: $0), [])) }
        let diff = Diff(sides[0].side, sides[1].side)
        let folded = diffText(diff, sides[0], sides[1], Detail(), style: Style(hasColour: false)).map(\.text)
        let whole = diffText(diff, sides[0], sides[1], Detail(showsAll: true), style: Style(hasColour: false)).map(
            \.text
        )
        #expect(folded[0] == "Different: 400 GiB cxl -> hmem.")
        #expect(folded.count { $0.contains("4 GiB") } == 20 && folded.contains("  ... and 80 more; --all shows them"))
        #expect(whole.count { $0.contains("4 GiB") } == 100)
    }
}
