import Iomem
import Machine
import Testing

@testable import Ownership

@Suite("Dax regions that are split into several devices")
struct DeviceLayoutTests {
    private let bytes = Machines.range
    private let first = Machines.span(Machines.range.start, 0x1000_0000)
    private let second = Machines.span(Machines.range.start + 0x1000_0000, 0x800_0000)
    private let third = Machines.span(Machines.range.start + 0x1800_0000, 0x800_0000)

    /// A locked region of CXL with three devices: devdax, memory that is online, memory that is offline.
    private func machine(_ ranges: [AddressRange]? = nil) -> MachineState {
        var machine = Machines.cxlOwned(.coordinated, locked: true)
        let drivers = ["device_dax", "kmem", "kmem"]
        machine.daxDevices = (ranges ?? [first, second, third]).enumerated().map { number, range in
            DaxDevice(name: "dax0.\(number)", ranges: [range], owner: .cxl, through: "region0", driver: drivers[number])
        }
        for name in ["kmem", "device_dax"] { machine.modules.loaded[name] = machine.modules.loaded["dax_hmem"] }
        machine.memory.blocks = [
            MemoryBlock(number: 188, range: second, isOnline: true, zone: "Movable"),
            MemoryBlock(number: 189, range: third, isOnline: false, zone: nil),
        ]
        return machine
    }

    private var consenting: Policy {
        var policy = Machines.hmem
        policy.consent.offlineMemory = true
        return policy
    }

    private var restoring: [Step] {
        [
            .splitDevice(second), .splitDevice(third), .restoreUse(first, .devdax),
            .restoreUse(second, .systemRAM(.movable)), .restoreUse(third, .systemRAM(.offline)),
        ]
    }

    @Test("with consent the devices are made again under the new driver, in their order, and each gets its use back")
    func restored() throws {
        let plan = try Planner(machine: machine()).plan(consenting)
        #expect(plan.steps == [.offlineMemory(second)] + Machines.toHmem + restoring)
        #expect(plan.hazards.isEmpty)
        #expect(plan.notes.isEmpty)
        #expect(plan.owners(of: bytes) == [.hmem])
        let line = PredictedLine(range: third, name: "System RAM (kmem)", isCertain: true)
        #expect(plan.prediction.iomem.contains(line))
    }

    @Test("a device of famfs: whether it is mounted is not known, which must be accepted; its driver comes back")
    func famfs() throws {
        var machine = machine()
        machine.daxDevices[0].driver = "fsdev_dax"
        machine.daxDevices[0].usersAreKnown = false
        let plan = try Planner(machine: machine).plan(consenting)
        #expect(plan.hazardIDs == [.deviceOpen])
        #expect(plan.steps.contains(.restoreUse(first, .famfs)))
        #expect(ownedRanges(of: machine).first?.use == .famfs)
        #expect(try Step(parsing: "restore-use:0x0-0xfff=famfs") == .restoreUse(Machines.span(0, 4096), .famfs))
    }

    @Test("without consent, and left idle, the layout is named as lost")
    func named() throws {
        let planner = try Planner(machine: machine())
        let note = try #require(planner.plan(Machines.hmem).notes.first)
        #expect(note.contains("dax0.0 (256 MiB, devdax)") && note.contains("With --offline-memory"))
        #expect(planner.predict(Machines.toHmem).notes.first?.contains("Save the layout") == true)
        let idle = planner.plan(consenting, leavesIdle: true)
        #expect(!idle.steps.contains { $0.verb == .splitDevice })
        #expect(idle.notes.first?.contains("The split is lost") == true)
    }

    @Test("devices that leave bytes free are not made again, and no use of theirs is promised")
    func gap() throws {
        let plan = try Planner(machine: machine([first, third])).plan(consenting)
        #expect(!plan.steps.contains { [.splitDevice, .restoreUse].contains($0.verb) })
        #expect(plan.notes.first?.contains("Save the layout") == true)
    }

    @Test("the way back makes the devices again")
    func wayBack() throws {
        let original = OwnershipGoal(of: machine())
        #expect(original.uses == restoring)
        var reloaded = machine()
        reloaded.daxDevices = [Machines.device(.cxl, driver: "kmem")]
        #expect(try Planner(machine: reloaded).wayBack(to: original)?.steps == restoring)
        #expect(original.differences(on: machine()).isEmpty)
        #expect(original.differences(on: reloaded).contains { $0.contains("no dax device covers exactly") })
        #expect(try Planner(machine: machine()).wayBack(to: original)?.steps.isEmpty == true)
    }

    @Test("what the kernel does not split is refused, and bytes that are free get a device")
    func refusals() throws {
        func refusal(_ machine: MachineState, _ range: AddressRange) throws -> String? {
            try Planner(machine: machine).predict([.splitDevice(range)]).hazards.first { $0.id == .stepRefused }?.why
        }
        #expect(try refusal(machine(), Machines.span(first.start + 4096, 4096))?.contains("EINVAL") == true)
        #expect(try refusal(machine(), Machines.span(first.start + 0x800_0000, 0x800_0000))?.contains("EBUSY") == true)
        #expect(try refusal(machine(), Machines.elsewhere)?.contains("EINVAL") == true)
        var free = machine([first])
        free.memory.blocks = []
        let plan = try Planner(machine: free).predict([.splitDevice(second)])
        #expect(plan.hazards.isEmpty && plan.owners(of: second) == [.cxl] && plan.owners(of: third) == [.none])
    }

    @Test("memory that no memory block holds is told, with its size")
    func capacity() throws {
        var machine = machine()
        let odd = Machines.span(bytes.start, bytes.size - (2 << 20))
        machine.softReserved = [SoftReservedRange(range: odd, sources: ["test"])]
        machine.regions = []
        machine.decoders[0].range = odd
        machine.daxDevices = []
        machine.memory.blocks = []
        machine.windows = []
        machine.modules.loaded["dax_hmem"] = nil
        machine.modules.loaded["dax_cxl"] = nil
        let plan = try Planner(machine: machine).predict([.load("dax_hmem")])
        #expect(plan.notes.first?.hasPrefix("126 MiB are not used: memory") == true)
        #expect(try Planner(machine: machine).predict([]).notes.isEmpty)
    }
}
