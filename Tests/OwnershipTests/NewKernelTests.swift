import Iomem
import Machine
import Testing

@testable import Ownership

/// What is new in kernels from 7.2 on.
@Suite("New kernels")
struct NewKernelTests {
    @Test("a type-2 region: dax_hmem is not let at memory that an accelerator's driver uses") func accelerator() throws
    {
        var machine = Machines.cxlOwned(.coordinated, locked: true)
        machine.regions[0].assembled = false
        machine.regions[0].daxDriver = nil
        machine.regions[0].isOfAccelerator = true
        machine.daxDevices = []
        let plan = try Planner(machine: machine).plan(Machines.hmem)
        let hazard = try #require(plan.hazards.first { $0.id == .doubleClaim })
        #expect(hazard.ranges == [Machines.range] && hazard.why.contains("accelerator"))
        machine.regions[0].isOfAccelerator = false
        #expect(try !Planner(machine: machine).plan(Machines.hmem).hazardIDs.contains(.doubleClaim))
    }

    @Test("dynamic capacity: no alarm over bytes without memory, and no certain owner") func dynamicCapacity() throws {
        var machine = Machines.cxlOwned(.coordinated, locked: true)
        machine.regions[0].mode = "dynamic_ram_a"
        machine.daxDevices = []
        #expect(findings(of: machine) { [] }.allSatisfy { $0.severity == .notice })
        let plan = try Planner(machine: machine).predict([.unload("dax_cxl"), .load("dax_cxl")])
        #expect(plan.owners(of: Machines.range) == [.cxl, .none] && !plan.prediction.isCertain)
        #expect(plan.prediction.missingFacts.contains { $0.contains("capacity is dynamic") })
    }

    @Test("before 7.2 a conflict is not in the log: what holds a region's bytes is found without it")
    func silentConflict() {
        var machine = Machines.booted(.coordinated, regions: [Machines.region(locked: false)])
        machine.regions[0].daxDriver = nil
        machine.daxDevices = [Machines.device(.hmem, driver: "kmem")]
        machine.driverFailures = []
        #expect(findings(of: machine) { [] }.contains { $0.id == .hmemOverRegion })
    }
}
