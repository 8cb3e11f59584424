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
}
