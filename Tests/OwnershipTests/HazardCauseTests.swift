import CaptureReplay
import Foundation
import Iomem
import Machine
import Policy
import TestCaptures
import Testing

@testable import Ownership

@Suite("One cause is one hazard, and what is recommended can be done")
struct HazardCauseTests {
    private static let isWhole = ProcessInfo.processInfo.environment["DAXSWITCH_EVERY_CAPTURE"] != nil
    private static let moments = TestCaptures.all.enumerated().filter { isWhole || $0.offset.isMultiple(of: 7) }.map(
        \.element
    )

    private static let policies = ["cxl", "hmem", "reload"].compactMap {
        try? PolicyLibrary(folders: []).find($0).policy
    }

    /// Whether two hazards are about common bytes.
    private func meet(_ one: Hazard, _ other: Hazard) -> Bool {
        one.ranges.contains { other.ranges.contains(where: $0.overlaps) }
    }

    @Test(
        "every capture: no two causes of one kind over the same bytes, and every consequence has its cause",
        arguments: moments
    )
    func causes(root: CaptureRoot) throws {
        let machine = try Replay.state(root)
        guard machine.kernel.generation.value != nil else { return }
        let planner = try Planner(machine: machine)
        for policy in Self.policies {
            let hazards = planner.plan(policy).hazards
            let groups = hazards.grouped
            let causes = groups.map(\.cause)
            for (index, one) in causes.enumerated() {
                for other in causes.dropFirst(index + 1) where one.id == other.id && one.id != .deviceOpen {
                    #expect(!meet(one, other), "\(policy.name): \(one.subject), \(other.subject)")
                }
            }
            // Nothing is lost by grouping: each must be accepted.
            #expect(groups.flatMap { [$0.cause] + $0.consequences }.count == hazards.count)
            #expect(groups.flatMap(\.consequences).allSatisfy { $0.cause != nil && $0.id != .memoryOnline })
        }
    }

    @Test("every capture: the recommended command has no hazard", arguments: moments)
    func recommendations(root: CaptureRoot) throws {
        let machine = try Replay.state(root)
        guard machine.kernel.generation.value != nil else { return }
        let planner = try Planner(machine: machine)
        for policy in Self.policies {
            let plan = planner.plan(policy)
            guard let words = plan.recommendation?.split(separator: " ").map(String.init) else { continue }
            switch words[1] {
            case "persist":
                #expect(policy.want.coveredByRegion != nil, "a reload asks for no other boot")
                let choice = try #require(BootChoice(rawValue: words[2]))
                #expect(NextBoot(of: machine).hazards(of: choice).isEmpty)
            default:
                var asked = policy
                asked.consent.offlineMemory = words.contains("--offline-memory")
                let again = planner.plan(asked)
                #expect(again.hazards.isEmpty && !again.isEmpty, "\(policy.name): \(again.hazards)")
            }
        }
    }

    /// Memory online over an unlocked region, as the field has it.
    private func online() throws -> MachineState {
        var machine = Machines.booted(.deferring, regions: [Machines.region(locked: nil)])
        machine.daxDevices = [Machines.device(.cxl, driver: "kmem")]
        machine.iomem = IomemTree(inFileOrder: [IomemEntry(range: Machines.range, name: "System RAM (kmem)")])
        machine.memory.blocks = (0..<4).map { number in
            MemoryBlock(
                number: number,
                range: Machines.span(Machines.range.start + UInt64(number) * 0x800_0000, 0x800_0000),
                isOnline: true,
                zone: "Normal"
            )
        }
        return machine
    }

    @Test("memory online over a region that is not locked: two causes, and one command")
    func field() throws {
        let plan = try Planner(machine: online()).plan(Self.policies[1])
        #expect(plan.hazards.grouped.map(\.cause.id) == [.memoryOnline, .regionLost])
        #expect(plan.recommendation == "daxswitch persist hmem" && plan.verdict == .refused)
    }

    @Test("a reload is never answered with persist")
    func reload() throws {
        let plan = try Planner(machine: online()).plan(Self.policies[2])
        #expect(plan.recommendation == nil)
        #expect(plan.hazards.allSatisfy { !$0.fix.contains("persist") })
    }

    @Test("a host without CXL: no CXL module is loaded, and memory-online is the only hazard")
    func withoutCxl() throws {
        var machine = try online()
        machine.windows = []
        machine.memdevs = []
        machine.regions = []
        machine.decoders = []
        machine.modules.loaded = machine.modules.loaded.filter { $0.key == "dax_hmem" }
        machine.daxDevices = [Machines.device(.hmem, driver: "kmem")]
        let plan = try Planner(machine: machine).plan(Self.policies[2])
        #expect(plan.steps == [.unload("dax_hmem"), .load("dax_hmem")])
        #expect(plan.hazards.grouped.map(\.cause.id) == [.memoryOnline])
        #expect(plan.recommendation == "daxswitch apply reload --offline-memory")
    }
}
