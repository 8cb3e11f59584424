import Inspection
import Iomem
import Machine
import TestCaptures
import Testing

@testable import Ownership

@Suite("Who owns what after the next boot")
struct NextBootPredictionTests {
    private func owners(_ machine: MachineState, _ choice: BootChoice?) throws -> Set<Owner> {
        let prediction = try NextBoot(of: machine).prediction(of: choice)
        return prediction.ranges.filter { $0.range.overlaps(Machines.range) }.reduce(into: []) {
            $0.formUnion($1.owners)
        }
    }

    @Test(
        "hmem and cxl lead to the owner that they name, on both generations",
        arguments: [Generation.coordinated, .deferring]
    )
    func choices(generation: Generation) throws {
        let machine = Machines.cxlOwned(generation, locked: false)
        #expect(try owners(machine, .hmem) == [.hmem])
        #expect(try owners(machine, .cxl) == [.cxl])
    }

    @Test("nothing persisted, 7.1 on: dax_hmem asks for the CXL modules, so the order makes no difference")
    func unpersisted() throws {
        #expect(try owners(Machines.cxlOwned(.coordinated, locked: false), nil) == [.cxl])
    }

    @Test("7.3, a window without a region: dax_hmem takes it at the initial probe; 6.12: nobody does")
    func windowOnly() throws {
        #expect(try owners(Machines.booted(.coordinated), .cxl) == [.hmem])
        #expect(try owners(Machines.booted(.deferring), .cxl) == [.none])
    }

    @Test("a kernel that races: both owners are possible if nothing is persisted")
    func hold() throws {
        var machine = Machines.cxlOwned(.coordinated, locked: true)
        machine.isHeld = true
        #expect(try owners(machine, nil) == [.cxl], "the hold ends with this boot")
    }

    @Test("a region outside Soft Reserved memory may have been created in this boot: not certain")
    func ownRegion() throws {
        var machine = Machines.cxlOwned(.coordinated, locked: false)
        machine.softReserved = []
        let prediction = try NextBoot(of: machine).prediction(of: .cxl)
        #expect(!prediction.isCertain)
        #expect(prediction.missingFacts.contains { $0.contains("created in this boot") })
    }

    @Test("rules that are not known: no answer")
    func unknown() {
        var machine = Machines.cxlOwned(.coordinated, locked: false)
        machine.kernel.generation.value = nil
        #expect(throws: PlanningError.self) { try NextBoot(of: machine).prediction(of: .cxl) }
    }

    @Test("where now and the next boot are known to be the same, the owners are those of now")
    func asDiffers() throws {
        for (scenario, moment) in [("locked-switch", "cxl-owned"), ("auto-partial", "dax_cxl-first")] {
            let root = try TestCaptures.root(kernel: "7.3.4", scenario: scenario, moment)
            var machine = try Inspector(root: root.path).read()
            machine.persisted = .cxl
            #expect(NextBoot(of: machine).differs == false)
            let prediction = try NextBoot(of: machine).prediction(of: .cxl)
            #expect(prediction.ranges.allSatisfy { $0.ownerNow.map { [$0] } == $0.owners }, "\(scenario)")
        }
    }
}
