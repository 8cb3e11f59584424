import Machine
import Testing

@testable import Ownership

@Suite("Parameters of dax_hmem")
struct HmemSettingsTests {
    private func load(_ settings: HmemSettings, _ generation: Generation = .coordinated) throws -> Plan {
        var machine = Machines.booted(generation, ranges: [Machines.elsewhere])
        machine.modules.loaded["dax_hmem"] = nil
        machine.modules.loaded["dax_cxl"] = nil
        machine.hmemSettings = settings
        return try Planner(machine: machine).predict([.load("dax_hmem")])
    }

    @Test("region_idle: a region, but no device over a byte of it")
    func idle() throws {
        #expect(try load(HmemSettings()).owners(of: Machines.elsewhere) == [.hmem])
        #expect(try load(HmemSettings(regionIsIdle: true)).owners(of: Machines.elsewhere) == [.none])
    }

    @Test("region_idle given to the module that is in: the next load may be without, and the fact is named")
    func idleNow() throws {
        let plan = try load(HmemSettings(loadedRegionIsIdle: true))
        #expect(plan.owners(of: Machines.elsewhere) == [.hmem, .none])
        #expect(plan.prediction.missingFacts.contains { $0.contains("region_idle") })
    }

    @Test("device_hmem.disable: nothing for dax_hmem, and the rule is named", arguments: Generation.allCases)
    func disabled(_ generation: Generation) throws {
        let plan = try load(HmemSettings(isDisabled: true), generation)
        #expect(plan.owners(of: Machines.elsewhere) == [.none])
        let predicted = try #require(plan.prediction.ranges.first)
        #expect(predicted.rules.contains(Rule.hmemDisabled.id) && predicted.why.contains("device_hmem.disable"))
        for rule in predicted.rules { #expect(Rule.named(rule)?.holds(for: generation) == true, "\(rule)") }
    }

    @Test("device_hmem.disable and a region: CXL owns what the region covers, and the rule is not named there")
    func disabledOverRegion() throws {
        var machine = Machines.cxlOwned(.coordinated, locked: true)
        machine.hmemSettings.isDisabled = true
        let plan = try Planner(machine: machine).predict([.unload("dax_cxl"), .load("dax_cxl")])
        #expect(plan.prediction.ranges.map(\.owners) == [[.cxl]])
        #expect(plan.prediction.ranges.allSatisfy { !$0.rules.contains(Rule.hmemDisabled.id) })
    }
}
