import Iomem
import Machine
import Testing

@testable import Ownership

@Suite("findings as differences from a policy")
struct FindingDifferencesTests {
    /// The kinds of finding that differ from `want` on `machine`.
    private func differing(_ machine: MachineState, _ want: Policy.Want) -> [String] {
        want.differences(findings(of: machine) { [] }, on: machine).map(\.found)
    }

    private func machine(regions: [Region]) -> MachineState { Machines.booted(.coordinated, regions: regions) }

    @Test("\"any\" is about who owns memory: that nobody does is a difference, in a region, a window and outside")
    func any() {
        var outside = Machines.booted(.coordinated, ranges: [Machines.elsewhere])
        outside.windows = []
        for lost in [machine(regions: [Machines.region(locked: true)]), machine(regions: []), outside] {
            #expect(differing(lost, Policy.Want()) == ["no-owner"])
        }
    }

    @Test("what a policy leaves out, it is not about")
    func leftOut() {
        let places = Policy.Want.Place.allCases
        let machines = [machine(regions: [Machines.region(locked: true)]), machine(regions: [])]
        for (lost, place) in zip(machines, [Policy.Want.Place.coveredByRegion, .windowOnly]) {
            #expect(differing(lost, Policy.Want(leftOut: [place])) == [])
            let others = Set(places).subtracting([place])
            #expect(differing(lost, Policy.Want(leftOut: others)) == ["no-owner"])
        }
    }

    @Test("notices are no difference")
    func notice() {
        var machine = machine(regions: [Machines.region(locked: true)])
        machine.daxDevices = [Machines.device(.hmem)]
        #expect(findings(of: machine) { [] }.map(\.id) == [.hmemOverRegion])
        #expect(differing(machine, Policy.Want()) == [])
    }
}
