import Iomem
import Machine
import Testing

@testable import Ownership

/// A vendor's kernel: one decision for all ranges in windows.
@Suite("All or nothing")
struct AllOrNothingTests {
    private static let second = Machines.span(0x6_1000_0000, 0x2000_0000)
    private static let reload: [Step] = [.unload("dax_cxl"), .unload("dax_hmem"), .load("dax_hmem"), .load("dax_cxl")]

    /// dax_hmem and dax_cxl are not loaded, two ranges are in the window, and regions are over some of them.
    private func machine(
        regions: [AddressRange],
        ranges: [AddressRange] = [Machines.range, second],
        mode: DaxCxlMode? = .defer,
        awaits: Bool? = false,
        loaded: [String] = []
    ) -> MachineState {
        let regions = regions.enumerated().map { number, range in
            var region = Machines.region(range, locked: false)
            region.name = "region\(number)"
            region.targets = ["decoder2.\(number)"]
            return region
        }
        var machine = Machines.booted(.allOrNothing, ranges: ranges, regions: regions)
        for module in ["dax_cxl", "dax_hmem"] where !loaded.contains(module) { machine.modules.loaded[module] = nil }
        machine.daxCxlMode = Inferred(mode, evidence: ["the test says so"])
        machine.kernel.claimsAwaitMode = awaits
        return machine
    }

    private func predict(_ machine: MachineState, _ steps: [Step]) throws -> Plan {
        try Planner(machine: machine).predict(steps)
    }

    @Test("a region over each range: CXL owns all, and on a later load as well", arguments: [false, true])
    func everything(awaits: Bool) throws {
        let machine = machine(regions: [Machines.range, Self.second], awaits: awaits)
        for steps in [[Step.load("dax_hmem"), .load("dax_cxl")], [.load("dax_cxl"), .load("dax_hmem")]] {
            for steps in [steps, steps + Self.reload] {
                let plan = try predict(machine, steps)
                #expect(plan.owners(of: Machines.range) == [.cxl] && plan.owners(of: Self.second) == [.cxl])
                #expect(plan.prediction.isCertain)
            }
        }
        let plan = try predict(machine, [.load("dax_hmem")])
        #expect(plan.prediction.ranges.allSatisfy { $0.rules == ["all-or-nothing-cxl"] })
    }

    @Test("one range without a region: dax_hmem takes all, also what a region covers", arguments: [false, true])
    func nothing(awaits: Bool) throws {
        let machine = machine(regions: [Machines.range], awaits: awaits)
        for steps in [[Step.load("dax_hmem")], [.load("dax_hmem"), .load("dax_cxl")]] {
            let plan = try predict(machine, steps)
            #expect(plan.owners(of: Machines.range) == [.hmem] && plan.owners(of: Self.second) == [.hmem])
        }
        let plan = try predict(machine, [.load("dax_hmem")])
        #expect(plan.prediction.ranges.allSatisfy { $0.rules == ["all-or-nothing-hmem"] })
    }

    @Test("what was decided stays when the regions change") func lasting() throws {
        // A region for the second range came after dax_hmem had taken all.
        let taken = machine(regions: [Machines.range, Self.second], mode: .register)
        #expect(try predict(taken, [.load("dax_hmem")]).owners(of: Machines.range) == [.hmem])
        // All was left to CXL, and the region is gone.
        let left = machine(regions: [Machines.range], mode: .drop)
        let plan = try predict(left, [.load("dax_hmem"), .load("dax_cxl")])
        #expect(plan.owners(of: Machines.range) == [.cxl] && plan.owners(of: Self.second) == [.none])
    }

    @Test("version 6: dax_cxl may come first, and what it has dax_hmem does not get") func firstClaim() throws {
        let machine = machine(regions: [Machines.range])
        let plan = try predict(machine, [.load("dax_cxl"), .load("dax_hmem")])
        #expect(plan.owners(of: Machines.range) == [.cxl] && plan.owners(of: Self.second) == [.hmem])
        #expect(
            plan.prediction.ranges.contains {
                $0.rules == ["all-or-nothing-hmem", "first-claim-wins"] || $0.rules.contains("cxl-claims-region")
            }
        )
    }

    @Test("version 5: dax_cxl takes nothing before the decision, and the regions go if dax_hmem takes all")
    func awaiting() throws {
        let machine = machine(regions: [Machines.range], awaits: true)
        #expect(try predict(machine, [.load("dax_cxl")]).owners(of: Machines.range) == [.none])
        let plan = try predict(machine, [.load("dax_cxl"), .load("dax_hmem"), .unload("dax_hmem")])
        #expect(plan.owners(of: Machines.range) == [.none], "no region is left that dax_cxl could take")
        #expect(!plan.prediction.iomem.contains { $0.name == "regionN" && $0.isCertain })
    }

    @Test("a version that is not known: both are predicted") func unknownVersion() throws {
        let machine = machine(regions: [Machines.range], awaits: nil)
        let plan = try predict(machine, [.load("dax_cxl"), .load("dax_hmem")])
        #expect(plan.owners(of: Machines.range) == [.hmem, .cxl])
        #expect(plan.prediction.missingFacts.contains { $0.contains("version 5") })
    }

    @Test("a mode that is not known: every outcome is predicted, none for certain") func unknownMode() throws {
        let machine = machine(regions: [Machines.range], mode: nil)
        let plan = try predict(machine, [.load("dax_hmem")])
        #expect(plan.owners(of: Self.second) == [.hmem, .none] && !plan.prediction.isCertain)
        #expect(plan.prediction.missingFacts.contains { $0.contains("dax_cxl_mode is unknown") })
    }

    @Test("dax_hmem asks for cxl_acpi, and there is no dependency of dax_cxl on it") func modules() throws {
        var machine = machine(regions: [Machines.range, Self.second])
        machine.modules.loaded["cxl_acpi"] = nil
        machine.windows[0].isLive = false
        machine.regions = []
        machine.daxCxlMode = Inferred(.drop, evidence: [])
        let asked = try predict(machine, [.load("dax_hmem")])
        #expect(asked.prediction.modules["cxl_acpi"] == [.live])
        #expect(try predict(machine, [.load("dax_cxl")]).prediction.modules["dax_hmem"] == [.absent])
    }

    @Test("decoders of a region that firmware may have made: reset or not, both are predicted, and it is refused")
    func firmwareRegion() throws {
        let machine = machine(
            regions: [Machines.range],
            ranges: [Machines.range],
            mode: .drop,
            loaded: ["dax_cxl", "dax_hmem"]
        )
        let plan = try Planner(machine: machine).plan(Machines.hmem)
        #expect(plan.owners(of: Machines.range) == [.hmem])
        let lost = try #require(plan.hazards.first { $0.id == .regionLost })
        #expect(lost.why.contains("may reset") && lost.why.contains("firmware-region-kept"))
        let dead = try #require(plan.hazards.first { $0.id == .undecodedRange })
        #expect(dead.why.contains("may be reset"))
        let back = try predict(machine, Machines.toHmem + Machines.toCxl)
        #expect(back.owners(of: Machines.range) == [.cxl, .none])
        var locked = machine
        locked.regions[0].locked = true
        let kept = try predict(locked, Machines.toHmem + Machines.toCxl)
        #expect(kept.owners(of: Machines.range) == [.cxl] && kept.hazards.isEmpty)
    }

    @Test("dax_hmem puts a Soft Reserved line over what it takes, and takes it away again") func lines() throws {
        let machine = machine(regions: [Machines.range], mode: .register)
        let taken = try predict(machine, [.load("dax_hmem")])
        let lines = taken.prediction.iomem.filter { $0.name == "Soft Reserved" }
        #expect(lines.map(\.range) == [Machines.range, Self.second] && lines.allSatisfy(\.isCertain))
        let gone = try predict(machine, [.load("dax_hmem"), .unload("dax_hmem")])
        #expect(!gone.prediction.iomem.contains { $0.name == "Soft Reserved" })
    }

    @Test("the edge of a window within a range: nobody gets it, and on a later load dax_hmem takes nothing")
    func straddling() throws {
        let across = Machines.span(0x6_c000_0000, 0x2000_0000)
        let ranges = [Machines.elsewhere, Machines.range, across]
        let first = try predict(machine(regions: [], ranges: ranges), [.load("dax_hmem")])
        #expect(first.owners(of: Machines.elsewhere) == [.hmem] && first.owners(of: Machines.range) == [.hmem])
        #expect(first.owners(of: across) == [.none])
        let later = try predict(machine(regions: [], ranges: ranges, mode: .register), [.load("dax_hmem")])
        for range in ranges { #expect(later.owners(of: range) == [.none]) }
    }

    @Test("persist cxl is refused while a range is in no region: dax_hmem would own everything") func persist() throws {
        let some = NextBoot(of: machine(regions: [Machines.range]))
        let hazard = try #require(some.hazards(of: .cxl).first)
        #expect(hazard.id == .wantUnmet && hazard.ranges == [Self.second])
        #expect(some.owners(of: .cxl).coveredByRegion == .hmem)
        #expect(some.choice(for: Machines.cxl) == nil && some.choice(for: Machines.hmem) == .hmem)
        let all = NextBoot(of: machine(regions: [Machines.range, Self.second]))
        #expect(all.hazards(of: .cxl).isEmpty && all.choice(for: Machines.cxl) == .cxl)
        var unseen = machine(regions: [])
        unseen.memdevs = []
        #expect(NextBoot(of: unseen).choice(for: Machines.cxl) == nil, "what regions cover is not known")
    }

    @Test("decoders that may have stayed are not remembered as reset") func remembered() {
        let machine = machine(regions: [Machines.range])
        #expect(machine.decodersToRemember(kept: nil)?.isComplete == false)
        var gone = machine
        gone.windows[0].isLive = false
        gone.regions = []
        gone.decoders = []
        #expect(!gone.hasLost(RememberedRegion(range: Machines.range, locked: false)))
    }
}
