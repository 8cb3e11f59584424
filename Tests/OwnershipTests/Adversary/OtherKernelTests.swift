import Machine
import Testing

@testable import Ownership

@Suite("Issue 10, number 5: decoders that this kernel's rules don't protect")
struct OtherKernelTests {
    private func hazards(_ history: DecoderHistory, _ change: (inout MachineState) -> Void) throws -> [Hazard] {
        var machine = Machines.booted(.coordinated)
        machine.windows[0].isLive = false
        for module in ["cxl_acpi", "dax_cxl", "dax_hmem"] { machine.modules.loaded[module] = nil }
        machine.decoderHistory = Inferred(history, evidence: ["the test says so"])
        change(&machine)
        return try Planner(machine: machine).plan(Machines.hmem).hazards
    }

    @Test("6.12 ran before a kernel that heeds locks, and reset the decoders of a window of a fixed configuration")
    func fixedWindow() throws {
        #expect(try hazards(.driversBound) { $0.windows[0].isFixed = true }.isEmpty)
        let open = try hazards(.unknown) { $0.windows[0].isFixed = true }
        #expect(open.map(\.id) == [.undecodedRange] && open.first?.why.contains("the test says so") == true)
    }

    @Test("it ran before a kernel that resets no decoder of ram itself") func hmemOnly() throws {
        let old = { (machine: inout MachineState) in machine.kernel.generation.value = .hmemOnly }
        #expect(try hazards(.driversBound, old).isEmpty)
        #expect(try hazards(.unknown, old).map(\.id) == [.undecodedRange])
    }

    @Test("memory that is online shows by itself that it is decoded") func online() throws {
        let open = try hazards(.unknown) {
            $0.memory.blocks = [MemoryBlock(number: 186, range: Machines.range, isOnline: true, zone: "Movable")]
        }
        #expect(open.allSatisfy { $0.id != .undecodedRange })
    }
}
