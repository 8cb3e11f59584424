import Iomem
import Machine
import Testing

@testable import Ownership

@Suite("Plans that hand one region over")
struct HandOverTests {
    private let bytes = Machines.range
    private let larger = Machines.span(Machines.range.start, 2 * Machines.range.size)

    /// A committed region, over whose bytes dax_hmem has a device.
    private func machine(
        _ generation: Generation = .coordinated,
        over range: AddressRange = Machines.range,
        assembled: Bool = true,
        driver: String? = nil
    ) -> MachineState {
        var region = Machines.region(locked: false)
        (region.assembled, region.daxDriver) = (assembled, nil)
        var machine = Machines.booted(generation, ranges: [range], regions: [region])
        machine.daxDevices = [Machines.device(.hmem, range, driver: driver)]
        machine.hmemDevices = [HmemDevice(name: "hmem.0", isBelowPlatform: true, isBound: true)]
        return machine
    }

    private func online(_ machine: MachineState, in zone: String = "Movable") -> MachineState {
        var machine = machine
        machine.modules.loaded["kmem"] = machine.modules.loaded["dax_hmem"]
        for index in 0..<UInt64(4) {
            machine.memory.blocks.append(
                MemoryBlock(
                    number: 186 + Int(index),
                    range: Machines.span(bytes.start + index << 27, 1 << 27),
                    isOnline: true,
                    zone: zone
                )
            )
        }
        return machine
    }

    @Test(
        "dax_hmem over a committed region: that one range is handed over, and no module goes",
        arguments: [true, false]
    )
    func whole(assembled: Bool) throws {
        let plan = try Planner(machine: machine(assembled: assembled)).plan(Machines.cxl)
        #expect(plan.steps == [.unbindHmem(bytes), .bindRegion(bytes)])
        #expect(plan.verdict == .safe)
        #expect(plan.owners(of: bytes) == [.cxl])
        #expect(plan.recommendation == "daxswitch apply cxl")
        #expect(plan.notes.count == 1)
    }

    @Test("before 7.1 too, from an unassembled region and from two devices over the same bytes")
    func deferring() throws {
        let alone = try Planner(machine: machine(.deferring, assembled: false)).plan(Machines.cxl)
        #expect(alone.steps == [.unbindHmem(bytes), .bindRegion(bytes)])
        #expect(alone.owners(of: bytes) == [.cxl])
        var both = machine(.deferring)
        both.daxDevices[0].name = "dax1.0"
        both.daxDevices.append(Machines.device(.cxl))
        let one = try Planner(machine: both).plan(Machines.cxl)
        #expect(one.steps == [.unbindHmem(bytes)])
        #expect(one.owners(of: bytes) == [.cxl])
    }

    @Test("a range that the region covers partly: CXL gets its part, and bytes that nobody could use belong to nobody")
    func partly() throws {
        let rest = Machines.span(larger.start + bytes.size, bytes.size)
        let plan = try Planner(machine: machine(over: larger)).plan(Machines.cxl)
        #expect(plan.steps == [.unbindHmem(larger), .bindRegion(bytes)])
        #expect(plan.hazards.isEmpty)
        #expect(plan.owners(of: bytes) == [.cxl])
        #expect(plan.owners(of: rest) == [.none])
    }

    @Test("memory behind the rest of the range would have no owner: that is refused")
    func orphanedRest() throws {
        var machine = machine(over: larger)
        machine.decoders.append(
            Decoder(name: "decoder2.1", kind: .endpoint, range: larger, locked: false, region: nil)
        )
        let plan = try Planner(machine: machine).plan(Machines.cxl)
        #expect(plan.hazardIDs.contains(.orphanedRange))
    }

    @Test("a policy that wants hmem, and one without a wish, hand nothing over")
    func otherPolicies() throws {
        let planner = try Planner(machine: machine())
        #expect(planner.handOver(for: Machines.hmem) == nil)
        var reload = Machines.cxl
        reload.want = .init()
        #expect(planner.handOver(for: reload) == nil)
    }

    @Test("memory of another range stays online, where loading the modules again would leave it stuck")
    func othersStay() throws {
        var machine = machine()
        machine.softReserved.append(SoftReservedRange(range: Machines.elsewhere, sources: ["test"]))
        machine.daxDevices.append(
            DaxDevice(name: "dax2.0", ranges: [Machines.elsewhere], owner: .hmem, through: "hmem.2", driver: "kmem")
        )
        machine.memory.blocks = [
            MemoryBlock(number: 2, range: Machines.span(0x1000_0000, 1 << 27), isOnline: true, zone: "Normal")
        ]
        let plan = try Planner(machine: machine).plan(Machines.cxl)
        #expect(plan.steps == [.unbindHmem(bytes), .bindRegion(bytes)])
        #expect(plan.hazards.isEmpty)
        #expect(plan.owners(of: Machines.elsewhere) == [.hmem])
    }

    @Test("online memory is a hazard; with consent it goes offline before, and comes back in its zone under CXL")
    func onlineMemory() throws {
        let planner = try Planner(machine: online(machine(assembled: false, driver: "kmem")))
        let refused = planner.plan(Machines.cxl)
        #expect(refused.hazardIDs.contains(.memoryOnline))
        #expect(refused.recommendation == "daxswitch apply cxl --offline-memory")
        var consenting = Machines.cxl
        consenting.consent.offlineMemory = true
        let plan = planner.plan(consenting)
        #expect(
            plan.steps == [
                .offlineMemory(bytes), .unbindHmem(bytes), .bindRegion(bytes),
                .restoreUse(bytes, .systemRAM(.movable)),
            ]
        )
        #expect(plan.hazards.isEmpty)
        #expect(plan.owners(of: bytes) == [.cxl])
    }

    @Test("unbinding under online memory leaves it stuck, and the region over it gets no dax region")
    func leak() throws {
        let machine = online(machine(assembled: false, driver: "kmem"))
        let plan = try Planner(machine: machine).predict([.unbindHmem(bytes), .bindRegion(bytes)])
        #expect(plan.hazardIDs.contains(.memoryOnline))
        #expect(plan.owners(of: bytes) == [.none])
        #expect(
            plan.prediction.iomem.contains(PredictedLine(range: bytes, name: "System RAM (kmem)", isCertain: true))
        )
    }

    @Test("a process that has the device open is named")
    func open() throws {
        var machine = machine(driver: "device_dax")
        machine.daxDevices[0].users = [DaxUser(pid: 7, command: "db", isMapped: true)]
        let plan = try Planner(machine: machine).predict([.unbindHmem(bytes)])
        #expect(plan.hazards.first { $0.id == .deviceOpen }?.subject == "dax0.0")
    }

    @Test("steps that the kernel refuses are refused, each with its reason")
    func refusals() throws {
        let planner = try Planner(machine: machine())
        func refusal(_ steps: Step...) -> String? {
            planner.predict(steps).hazards.first { $0.id == .stepRefused }?.why
        }
        let half = Machines.span(bytes.start, bytes.size / 2)
        #expect(refusal(.unbindHmem(half))?.contains("ENODEV") == true)
        #expect(refusal(.bindHmem(Machines.elsewhere))?.contains("ENODEV") == true)
        #expect(refusal(.bindRegion(half))?.contains("ENODEV") == true)
        #expect(refusal(.unload("dax_cxl"), .unbindHmem(bytes), .bindRegion(bytes))?.contains("dax_cxl") == true)
        // The range has gone to CXL: dax_hmem can't have it back.
        #expect(refusal(.unbindHmem(bytes), .bindRegion(bytes), .bindHmem(bytes))?.contains("ENOMEM") == true)
        #expect(planner.predict([.bindRegion(bytes)]).owners(of: bytes) == [.hmem])
    }

    @Test("the way back binds dax_hmem again, which nothing else could restore")
    func wayBack() throws {
        let original = OwnershipGoal(of: machine())
        var unbound = machine()
        unbound.daxDevices = []
        unbound.hmemDevices[0].isBound = false
        #expect(try Planner(machine: unbound).wayBack(to: original) == nil)
        unbound.hmemDevices[0].rangeWhenBound = bytes
        #expect(try Planner(machine: unbound).wayBack(to: original)?.steps == [.bindHmem(bytes)])
        unbound.regions[0].daxDriver = "cxl_dax_region"
        unbound.daxDevices = [Machines.device(.cxl)]
        #expect(
            try Planner(machine: unbound).wayBack(to: original)?.steps == [
                .unload("dax_cxl"), .bindHmem(bytes), .load("dax_cxl"),
            ]
        )
    }

    @Test("dax_hmem loaded again has new devices: the old one is no longer there to bind")
    func reloaded() throws {
        let plan = try Planner(machine: machine()).predict(
            [.unbindHmem(bytes), .unload("dax_cxl"), .unload("dax_hmem"), .load("dax_hmem"), .bindHmem(bytes)]
        )
        #expect(plan.hazardIDs.contains(.stepRefused))
    }

    @Test(
        "each step is read as it is written",
        arguments: [Step.unbindHmem(Machines.range), .bindHmem(Machines.range), .bindRegion(Machines.range)]
    )
    func text(step: Step) throws {
        #expect(try Step(parsing: step.description) == step)
        #expect(Step(step.verb, module: nil, range: step.range, use: nil) == step)
        #expect(Step(step.verb, module: nil, range: nil, use: nil) == nil)
    }
}
