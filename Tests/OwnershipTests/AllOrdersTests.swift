import Machine
import Testing

@testable import Ownership

@Suite("Every order of some modules")
struct ExplorerTests {
    @Test("permutations: each order once, the given one first")
    func permutations() {
        let all = [1, 2, 3].permutations()
        #expect(all.count == 6 && Set(all).count == 6 && all.first == [1, 2, 3])
    }

    @Test("7.3, a window without a region, initial probe pending: dax_hmem gets the range in every order")
    func pending() throws {
        var machine = Machines.booted(.coordinated)
        machine.modules.loaded["dax_hmem"] = nil
        machine.modules.loaded["dax_cxl"] = nil
        machine.initialProbe.value = .pending
        let outcomes = try Planner(machine: machine).allOrders(of: ["dax_hmem", "dax_cxl"])
        #expect(outcomes.count == 1)
        #expect(outcomes.first?.orders.count == 2)
        #expect(outcomes.first?.plan.owners(of: Machines.range) == [.hmem])
    }

    @Test("6.12, the region is there: dax_cxl after cxl_acpi or before, dax_hmem never")
    func deferring() throws {
        var machine = Machines.cxlOwned(.deferring, locked: nil)
        machine.modules.loaded["dax_hmem"] = nil
        let outcomes = try Planner(machine: machine).allOrders(of: ["dax_hmem", "dax_cxl"])
        #expect(outcomes.map { $0.plan.owners(of: Machines.range) } == [[.cxl]])
    }

    @Test("reloading cxl_acpi over an unlocked region: no order keeps it, and every one lists the hazard")
    func reload() throws {
        let machine = Machines.cxlOwned(.coordinated, locked: false)
        let outcomes = try Planner(machine: machine).allOrders(of: ["cxl_acpi", "dax_hmem", "dax_cxl"])
        #expect(outcomes.map(\.orders.count).reduce(0, +) == 6)
        for outcome in outcomes {
            #expect(outcome.plan.hazardIDs.contains(.regionLost))
            let owners = outcome.plan.owners(of: Machines.range)
            #expect(!owners.isEmpty && !owners.contains(.cxl))
        }
    }

    @Test("the unfixed kernel races, and the outcome says so")
    func race() throws {
        let machine = Machines.cxlOwned(.unfixed, locked: false)
        let outcomes = try Planner(machine: machine).allOrders(of: ["dax_hmem", "dax_cxl"])
        #expect(outcomes.contains { $0.plan.owners(of: Machines.range) == [.cxl, .hmem] })
    }

    /// Machines on which the orders of loading differ in owners, hazards or reasons.
    private static let machines: [MachineState] = [Generation.deferring, .coordinated, .unfixed].flatMap { generation in
        var empty = Machines.booted(generation)
        empty.modules.loaded["dax_hmem"] = nil
        empty.initialProbe.value = .pending
        return [
            Machines.cxlOwned(generation, locked: false), Machines.cxlOwned(generation, locked: true), empty,
            Machines.booted(generation),
        ]
    }

    @Test("every order has the owners, reasons, doubts and hazards that predict has for it", arguments: machines)
    func asPredicted(machine: MachineState) throws {
        let planner = try Planner(machine: machine)
        let outcomes = planner.allOrders(of: ["dax_cxl", "cxl_acpi", "dax_hmem"])
        #expect(outcomes.map(\.orders.count).reduce(0, +) == 6)
        for outcome in outcomes {
            for order in outcome.orders {
                let alone = planner.predict(planner.reloading(order))
                #expect(alone.prediction.ranges == outcome.plan.prediction.ranges, "\(order)")
                #expect(alone.prediction.missingFacts == outcome.plan.prediction.missingFacts, "\(order)")
                #expect(Set(alone.hazards) == Set(outcome.plan.hazards), "\(order)")
            }
        }
    }

    @Test("in whichever sequence the modules are named, the outcomes are the same", arguments: machines)
    func naming(machine: MachineState) throws {
        let planner = try Planner(machine: machine)
        let namings = ["dax_cxl", "cxl_acpi", "dax_hmem"].permutations()
        let first = planner.allOrders(of: namings[0])
        for modules in namings { #expect(planner.allOrders(of: modules) == first, "\(modules)") }
    }

    @Test("the safest outcome comes first: fewest hazards that crash, then that lose memory, then that fail")
    func safestFirst() throws {
        var numbers: Set<Int> = []
        for machine in Self.machines {
            let outcomes = try Planner(machine: machine).allOrders(of: ["cxl_acpi", "dax_hmem", "dax_cxl"])
            numbers.insert(outcomes.count)
            for (one, other) in zip(outcomes, outcomes.dropFirst()) {
                let (left, right) = (counts(one.plan), counts(other.plan))
                #expect(left == right || left.lexicographicallyPrecedes(right))
            }
        }
        #expect(numbers.contains { $0 > 1 })
    }

    private func counts(_ plan: Plan) -> [Int] {
        [Hazard.Severity.crash, .loss, .failure].map { severity in plan.hazards.count { $0.severity == severity } }
    }
}
