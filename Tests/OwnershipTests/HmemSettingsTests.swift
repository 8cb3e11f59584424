import Machine
import Testing

@testable import Ownership

@Suite("Parameters of dax_hmem")
struct HmemSettingsTests {
    private func load(_ settings: HmemSettings) throws -> Plan {
        var machine = Machines.booted(.coordinated, ranges: [Machines.elsewhere])
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

    @Test("device_hmem.disable: nothing for dax_hmem")
    func disabled() throws {
        #expect(try load(HmemSettings(isDisabled: true)).owners(of: Machines.elsewhere) == [.none])
    }
}
