import Iomem
import Machine
import Testing

@testable import Ownership

@Suite("Plans that give memory back")
struct MemoryPlanTests {
    private let bytes = Machines.range

    /// A locked region of which kmem has four blocks online.
    private func machine(zones: [String?] = ["Movable", "Movable", "Movable", "Movable"]) -> MachineState {
        var machine = Machines.cxlOwned(.coordinated, locked: true, driver: "kmem")
        machine.modules.loaded["kmem"] = machine.modules.loaded["dax_hmem"]
        for (index, zone) in zones.enumerated() {
            let range = Machines.span(bytes.start + UInt64(index) << 27, 1 << 27)
            machine.memory.blocks.append(
                MemoryBlock(number: 186 + index, range: range, isOnline: zone != nil, zone: zone)
            )
        }
        return machine
    }

    private var consenting: Policy {
        var policy = Machines.hmem
        policy.consent.offlineMemory = true
        return policy
    }

    @Test("without consent online memory is a hazard; with it, it goes before and comes back after, in its zone")
    func thereAndBack() throws {
        let planner = try Planner(machine: machine())
        #expect(planner.plan(Machines.hmem).hazardIDs.contains(.memoryOnline))
        let plan = planner.plan(consenting)
        #expect(
            plan.steps == [.offlineMemory(bytes)] + Machines.toHmem + [.restoreUse(bytes, .systemRAM(.movable))]
        )
        #expect(plan.hazardIDs.isEmpty)
        #expect(plan.owners(of: bytes) == [.hmem])
    }

    @Test("a kernel that onlines new memory by itself chooses the zone: the step that restores the old one stays")
    func zoneIsBroughtBack() throws {
        var machine = machine()
        machine.memory.autoOnline = "online"
        let plan = try Planner(machine: machine).plan(consenting)
        #expect(plan.steps.last == .restoreUse(bytes, .systemRAM(.movable)))
        // Where nothing has happened yet there is nothing to restore.
        #expect(try Planner(machine: machine).predict([.restoreUse(bytes, .systemRAM(.movable))]).steps.isEmpty)
        #expect(try Planner(machine: machine).predict([.restoreUse(bytes, .systemRAM(.kernel))]).steps.count == 1)
    }

    @Test("the lines of memory that comes back are expected for certain")
    func lines() throws {
        let plan = try Planner(machine: machine()).plan(consenting)
        for name in ["daxN.M", "System RAM (kmem)"] {
            #expect(plan.prediction.iomem.contains(PredictedLine(range: bytes, name: name, isCertain: true)))
        }
    }

    @Test("--leave-idle restores nothing")
    func leaveIdle() throws {
        let plan = try Planner(machine: machine()).plan(consenting, leavesIdle: true)
        #expect(plan.steps == [.offlineMemory(bytes)] + Machines.toHmem)
    }

    @Test("blocks of different zones, and those that were offline, come back as they were")
    func zones() throws {
        let plan = try Planner(machine: machine(zones: ["Normal", "Movable", nil, "Movable"])).plan(consenting)
        let block = { (index: UInt64) in Machines.span(bytes.start + index << 27, 1 << 27) }
        #expect(
            plan.steps.suffix(3) == [
                .restoreUse(block(0), .systemRAM(.kernel)), .restoreUse(block(1), .systemRAM(.movable)),
                .restoreUse(block(3), .systemRAM(.movable)),
            ]
        )
    }

    @Test("a device that was a character device becomes one again")
    func devdax() throws {
        var machine = Machines.cxlOwned(.coordinated, locked: true, driver: "device_dax")
        machine.modules.loaded["device_dax"] = machine.modules.loaded["dax_hmem"]
        let plan = try Planner(machine: machine).plan(consenting)
        #expect(plan.steps == Machines.toHmem + [.restoreUse(bytes, .devdax)])
        #expect(plan.prediction.iomem.contains(PredictedLine(range: bytes, name: "daxN.M", isCertain: true)))
    }

    @Test("memory whose driver stays is left alone")
    func untouched() throws {
        var machine = machine()
        let outside = Machines.elsewhere
        machine.softReserved.append(SoftReservedRange(range: outside, sources: ["test"]))
        var device = Machines.device(.hmem, outside, driver: "kmem")
        device.name = "dax1.0"
        machine.daxDevices.append(device)
        machine.memory.blocks.append(
            MemoryBlock(number: 2, range: Machines.span(outside.start, 1 << 27), isOnline: true, zone: "Movable")
        )
        var policy = consenting
        policy.order = [.unload("dax_cxl")]
        policy.want = .init(coveredByRegion: Owner.none, windowOnly: nil, outsideWindows: nil)
        let plan = try Planner(machine: machine).plan(policy)
        #expect(plan.steps == [.offlineMemory(bytes), .unload("dax_cxl")])
    }

    @Test("without offline_memory nothing is planned for memory that is offline already")
    func alreadyOffline() throws {
        let plan = try Planner(machine: machine(zones: [nil, nil, nil, nil])).plan(consenting)
        #expect(plan.steps == Machines.toHmem)
    }

    @Test(
        "what is in use must have room elsewhere, swap counted",
        arguments: [(available: 900, swap: 0, isRefused: false), (500, 0, true), (500, 100, false), (0, 0, true)]
    )
    func room(available: UInt64, swap: UInt64, isRefused: Bool) throws {
        var machine = machine()
        machine.daxDevices[0].targetNode = 1
        // 400 of the 512 MiB are in use: 112 of what is available goes as well.
        machine.memory.room = MemoryRoom(
            available: available << 20,
            swapFree: swap << 20,
            nodes: [MemoryNode(number: 1, total: 512 << 20, free: 112 << 20)]
        )
        let plan = try Planner(machine: machine).plan(consenting)
        #expect(plan.hazardIDs == (isRefused ? [.memoryOnline] : []))
        if isRefused { #expect(plan.hazards[0].why.contains("up to 400 MiB of it is in use")) }
    }

    @Test("in a node with other memory besides, all that goes counts as in use")
    func sharedNode() throws {
        var machine = machine()
        machine.daxDevices[0].targetNode = 0
        let node = MemoryNode(number: 0, total: 4096 << 20, free: 3000 << 20)
        machine.memory.room = MemoryRoom(available: 3000 << 20, swapFree: 0, nodes: [node])
        #expect(machine.room(toOffline: [bytes])?.used == 512 << 20)
    }

    @Test("a kernel that can't remove memory is not asked to")
    func noHotremove() throws {
        var machine = machine()
        for index in machine.memory.blocks.indices { machine.memory.blocks[index].isRemovable = false }
        #expect(try Planner(machine: machine).plan(consenting).hazardIDs == [.noHotremove])
    }

    @Test("the way back from a half-done plan ends with the memory online in its zone")
    func wayBack() throws {
        let original = machine()
        var halfway = original
        halfway.memory.blocks = []
        halfway.daxDevices[0].driver = nil
        #expect(
            try Planner(machine: halfway).wayBack(to: OwnershipGoal(of: original))?.steps == [
                .restoreUse(bytes, .systemRAM(.movable))
            ]
        )
        #expect(try Planner(machine: original).wayBack(to: OwnershipGoal(of: original))?.steps == [])
    }
}
