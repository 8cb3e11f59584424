import Foundation
import Inspection
import Iomem
import Machine
import Ownership
import Policy
import TestCaptures
import Testing

@testable import daxswitch

@Suite("recover for people")
struct RecoverTests {
    private let style = Style(hasColour: false)

    private func texts(_ lines: [Line]) -> [String] { lines.flatMap { $0.broken(at: 80) }.map(\.text) }

    /// What is said of a run of policy hmem that was cut off after two of its steps.
    private func text(_ recovery: (Plan) -> Recovery, journal: RecoverReport.Journal = .unfinished) throws -> [String] {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
        let machine = try Inspector(root: root.path).read()
        let plan = try Planner(machine: machine).plan(try PolicyLibrary(folders: []).find("hmem").policy)
        var run = Interruption(of: plan, from: OwnershipGoal(of: machine), accepted: [])
        run.stepsEnded = 2
        var report = RecoverReport()
        (report.policy, report.journal) = ("hmem", journal)
        return texts(recoveryText(report, recovery(plan), of: run, machine: machine, style: style))
    }

    @Test("the verdict is the first line: how far the run came, and how it can end; the plan is below")
    func verdict() throws {
        let finish = try text { .finish($0) }
        #expect(finish.first == "The run of policy hmem was interrupted after 2 of 5 steps. It can be finished.")
        #expect(finish.contains("Owners") && finish.contains("Policy hmem: 5 steps"))
        #expect(finish.allSatisfy { $0.count <= 80 })
        #expect(try text { .undo($0) }.first?.hasSuffix("It can be undone.") == true)
        let awaiting = try text({ .undo($0) }, journal: .awaiting)
        #expect(awaiting.first == "The run of policy hmem waits for confirmation. It can be undone.")
        let stuck = try text { _ in .stuck("", []) }.joined(separator: " ")
        #expect(stuck.contains("It can neither be finished nor undone with certainty."))
    }

    @Test("what was not done because nobody answered is not called nothing to recover")
    func unanswered() {
        var report = RecoverReport()
        report.outcome = .nothingToRecover
        #expect(texts(recoverText(report, style: style)) == ["Nothing to recover."])
        report.error = Failure(.usage, code: "not-confirmed", "recover can't ask without a terminal")
        #expect(texts(recoverText(report, style: style)) == ["Failed; nothing was changed."])
    }

    @Test("files that are restored are named")
    func files() {
        var report = RecoverReport()
        (report.outcome, report.restoredFiles) = (.undone, ["/etc/modprobe.d/01-daxswitch.conf"])
        #expect(texts(recoverText(report, style: style)).last == "  /etc/modprobe.d/01-daxswitch.conf")
        #expect(texts(choiceText(style: style)).joined(separator: " ").contains("/var/lib/daxswitch/persist.json"))
    }

    /// A machine on which a killed run has left region0 and bytes of mem0.
    private func machine(hasRegion: Bool) throws -> MachineState {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
        var machine = try Inspector(root: root.path).read()
        let device = MemdevIdentity(serial: "0x1", path: "pci0000:34/0000:34:00.0/0000:35:00.0")
        let bytes = try #require(AddressRange(start: 0, size: 0x1000_0000))
        machine.regions = []
        if hasRegion {
            machine.regions.append(
                Region(
                    name: "region0",
                    range: nil,
                    mode: "ram",
                    committed: false,
                    locked: false,
                    assembled: false,
                    daxDriver: nil,
                    targets: []
                )
            )
        }
        machine.memdevs = [Memdev(name: "mem0", hasEndpoint: true, identity: device)]
        machine.decoders = ["decoder2.0", "decoder2.1"].map { name in
            Decoder(
                name: name,
                kind: .endpoint,
                range: nil,
                locked: false,
                region: nil,
                memdev: "mem0",
                dpa: bytes
            )
        }
        let part = UnfinishedRegion.Part(device: device, decoder: 0, size: bytes.size)
        machine.unfinishedRegion = UnfinishedRegion(name: "region0", parts: [part])
        return machine
    }

    @Test(
        "a region that was begun and its bytes of a device are named, before and after, in text and JSON",
        arguments: [
            (
                true,
                "The half-made region0 is deleted. 256 MiB of mem0 (decoder2.0) are freed."
            ),
            (false, "256 MiB of mem0 (decoder2.0) are freed."),
        ]
    )
    func begun(hasRegion: Bool, words: String) throws {
        let machine = try machine(hasRegion: hasRegion)
        let plan = try Planner(machine: machine).predict([])
        var report = RecoverReport()
        report.policy = "cxl"
        report.take(.undo(plan), on: machine)
        #expect(report.hasToDo)
        let run = Interruption(of: plan, from: OwnershipGoal(of: machine), accepted: [])
        let before = texts(recoveryText(report, .undo(plan), of: run, machine: machine, style: style))
        #expect(before.joined(separator: " ").contains("It can be undone. \(words)"), "\(before)")
        let members = try #require(
            try JSONSerialization.jsonObject(with: JSONEncoder().encode(recoverDocument(report))) as? [String: Any]
        )
        #expect(members["deleted_region"] as? String == (hasRegion ? "region0" : nil))
        let back = try #require((members["given_back"] as? [[String: Any]])?.first)
        #expect(back["decoder"] as? String == "decoder2.0" && back["memdev"] as? String == "mem0")
        #expect(back["size"] as? UInt64 == 0x1000_0000)
        report.outcome = .undone
        report.absences = ["region0 was gone for 2 s."]
        let after = texts(recoverText(report, style: style)).joined(separator: " ").split(separator: " ")
            .joined(separator: " ")
        #expect(after.contains("256 MiB of mem0 (decoder2.0) were freed."), "\(after)")
        #expect(after.contains("Note: region0 was gone for 2 s."))
    }

    @Test("what a run that is finished does not touch is not called given back") func finishedWithout() throws {
        var report = RecoverReport()
        let machine = try machine(hasRegion: false)
        report.take(.finish(try Planner(machine: machine).predict([])), on: machine)
        #expect(report.givenBack.isEmpty && report.deletedRegion == nil)
    }
}
