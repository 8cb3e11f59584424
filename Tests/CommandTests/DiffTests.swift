import Foundation
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
