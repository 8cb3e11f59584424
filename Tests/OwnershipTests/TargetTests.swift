import Inspection
import Iomem
import Machine
import Ownership
import TestCaptures
import Testing

@Suite("What a machine is held against after a plan: all of it")
struct TargetTests {
    private func machine(_ scenario: String, _ moment: String) throws -> MachineState {
        try Inspector(root: TestCaptures.root(kernel: "7.3.4", scenario: scenario, moment).path).read()
    }

    /// The kinds of the differences that a change of the machine, as it is after the steps, makes.
    private func differences(
        _ steps: [Step],
        on before: MachineState,
        after: MachineState? = nil,
        _ change: (inout MachineState) -> Void = { _ in }
    ) throws -> [Difference.Kind] {
        var machine = after ?? before
        change(&machine)
        return Target(of: try Planner(machine: before).predict(steps)).differences(on: machine).map(\.kind)
    }

    @Test("a hold that a step sets is in force and whole, and one that a step takes away is wholly gone")
    func hold() throws {
        let machine = try machine("locked-switch", "cxl-owned")
        #expect(try differences([.hold], on: machine) == [.hold])
        #expect(try differences([.hold], on: machine) { $0.isHeld = true } == [])
        #expect(try differences([.hold], on: machine) { $0.holdGap = "half" } == [.hold])
        var held = machine
        held.isHeld = true
        #expect(try differences([.release], on: held) == [.hold])
        #expect(try differences([.release], on: held) { $0.isHeld = false } == [])
        #expect(
            try differences([.release], on: held) {
                $0.isHeld = false
                $0.holdGap = "half"
            } == [.hold]
        )
    }

    @Test("a plan that says nothing about the hold: only half of one is a difference")
    func noHold() throws {
        let machine = try machine("locked-switch", "cxl-owned")
        #expect(try differences([], on: machine) { $0.isHeld = true } == [])
        #expect(try differences([], on: machine) { $0.holdGap = "half" } == [.hold])
    }

    @Test("a region that owns is in sysfs, committed and assembled, whatever iomem and the dax devices show")
    func region() throws {
        let machine = try machine("locked-switch", "cxl-owned")
        #expect(try differences([], on: machine) == [])
        #expect(try differences([], on: machine) { $0.regions[0].committed = false } == [.region])
        #expect(try differences([], on: machine) { $0.regions[0].assembled = false } == [.region])
        #expect(try differences([], on: machine) { $0.regions = [] } == [.region])
    }

    @Test("memory is back online, every block of it, in its zone")
    func use() throws {
        let machine = try machine("auto-kmem", "kmem-movable")
        let range = try #require(machine.daxDevices.first?.ranges.first)
        let steps: [Step] = [.offlineMemory(range), .restoreUse(range, .systemRAM(.movable))]
        #expect(try Planner(machine: machine).predict(steps).steps == steps)
        #expect(try differences(steps, on: machine) == [])
        for index in machine.memory.blocks.indices where range.contains(machine.memory.blocks[index].range) {
            #expect(try differences(steps, on: machine) { $0.memory.blocks[index].zone = "Normal" } == [.use])
            #expect(try differences(steps, on: machine) { $0.memory.blocks[index].isOnline = false } == [.use])
        }
    }
}
