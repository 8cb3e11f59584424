import Iomem
import Machine
import Testing

@testable import Ownership

@Suite("The way back from the end of a plan, before it is carried out")
struct PlannedReturnTests {
    private func wayBack(_ machine: MachineState, _ policy: Policy) throws -> PlannedReturn {
        let planner = try Planner(machine: machine)
        return planner.wayBack(after: planner.plan(policy))
    }

    @Test("a locked region: certain, and it lets cxl_acpi in again", arguments: [Generation.coordinated, .deferring])
    func locked(generation: Generation) throws {
        let machine = Machines.cxlOwned(generation, locked: generation == .coordinated ? true : nil)
        guard case .certain(let steps) = try wayBack(machine, Machines.hmem) else {
            // Before 7.0 the decoders of any region are reset.
            #expect(generation == .deferring)
            return
        }
        #expect(generation == .coordinated)
        #expect(steps.contains(.release) && steps.contains(.load("cxl_acpi")) && !steps.contains(.hold))
    }

    @Test("a region that the plan may lose does not come back: not certain, although the plan is accepted")
    func lost() throws {
        var policy = Machines.hmem
        policy.order = [.unload("dax_cxl"), .unload("dax_hmem"), .hold, .unload("cxl_acpi")]
        policy.want = .init()
        policy.consent.loseRegions = true
        guard case .uncertain(let why) = try wayBack(Machines.cxlOwned(.coordinated, locked: false), policy) else {
            Issue.record("certain")
            return
        }
        #expect(!why.isEmpty)
    }

    @Test("memory that comes back in a zone from which it may not go offline again: not certain")
    func kernelZone() throws {
        let planner = try Planner(machine: Machines.cxlOwned(.coordinated, locked: true))
        let range = Machines.device(.cxl).ranges[0]
        for (zone, isCertain) in [(MemoryUse.OnlineZone.kernel, false), (.automatic, false), (.offline, true)] {
            var plan = planner.plan(Machines.hmem)
            plan.steps.append(.restoreUse(range, .systemRAM(zone)))
            if case .uncertain(let why) = planner.wayBack(after: plan) {
                #expect(!isCertain && why.contains("zone"))
            } else {
                #expect(isCertain)
            }
        }
    }
}
