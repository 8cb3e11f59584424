import CaptureReplay
import Iomem
import Machine
import TestCaptures
import Testing

@testable import Ownership

@Suite("Plans, case by case as booted kernels behaved")
struct PlannerTests {
    @Test("7.3, locked region: hmem takes the range over, no hazard")
    func lockedToHmem() throws {
        let plan = try Planner(machine: Machines.cxlOwned(.coordinated, locked: true)).plan(Machines.hmem)
        #expect(plan.steps == Machines.toHmem)
        #expect(plan.hazards.isEmpty)
        #expect(plan.owners(of: Machines.range) == [.hmem])
        #expect(plan.prediction.isCertain)
        #expect(plan.prediction.modules["cxl_acpi"] == [.absent])
    }

    @Test("a region cut into two devices: what took the bytes last is the reason, not that a smaller device went")
    func partitioned() throws {
        var machine = Machines.cxlOwned(.coordinated, locked: true)
        let half = Machines.range.size / 2
        let halves = [Machines.span(Machines.range.start, half), Machines.span(Machines.range.start + half, half)]
        machine.daxDevices = halves.map { Machines.device(.cxl, $0) }
        let plan = try Planner(machine: machine).plan(Machines.hmem)
        #expect(plan.prediction.ranges.map(\.range) == halves)
        for predicted in plan.prediction.ranges {
            #expect(predicted.owners == [.hmem])
            #expect(predicted.rules == [Rule.noWindow.id], "\(predicted.why)")
        }
    }

    @Test("6.1: the lines of hmem.N are there from boot on, whatever is loaded, and are predicted")
    func linesOfHmemDevices() throws {
        let roots = TestCaptures.roots(kernel: "6.1.0-50-lab", scenario: "three-windows")
        let (before, after) = (try Replay.state(roots[4]), try Replay.state(roots[5]))
        let lines = before.iomem.entries { $0.hasPrefix("hmem.") }.map(\.range)
        #expect(lines.count == 4)
        let prediction = try Planner(machine: before).predict([.load("dax_hmem")]).prediction
        let predicted = prediction.iomem.filter { $0.name == "hmem.N" }
        #expect(predicted == lines.map { PredictedLine(range: $0, name: "hmem.N", isCertain: true) })
        #expect(after.iomem.entries { $0.hasPrefix("hmem.") }.map(\.range) == lines)
        #expect(compare(prediction, with: after) == [])
        var without = after
        without.iomem = IomemTree(
            inFileOrder: after.iomem.flattened.map(\.entry).filter { !$0.name.hasPrefix("hmem.") }.map {
                IomemEntry(range: $0.range, name: $0.name)
            }
        )
        let missing = compare(prediction, with: without).filter { $0.expected == ["hmem.N"] }
        #expect(missing.map(\.range) == lines)
    }

    @Test("7.3, unlocked region: hmem is refused, because the decoders are reset")
    func unlockedToHmem() throws {
        let plan = try Planner(machine: Machines.cxlOwned(.coordinated, locked: false)).plan(Machines.hmem)
        #expect(plan.hazardIDs.contains(.regionLost))
        #expect(plan.hazards.contains { $0.fix.contains("reboot") })
    }

    @Test("6.12 resets locked decoders anyway")
    func lockIgnored() throws {
        let plan = try Planner(machine: Machines.cxlOwned(.deferring, locked: nil)).plan(Machines.hmem)
        #expect(plan.hazardIDs.contains(.regionLost))
    }

    @Test("what is wanted holds: nothing to do")
    func nothingToDo() throws {
        let plan = try Planner(machine: Machines.cxlOwned(.coordinated, locked: false)).plan(Machines.cxl)
        #expect(plan.isEmpty)
        #expect(plan.hazards.isEmpty)
    }

    @Test("back to cxl: the remembered locked region comes back with cxl_acpi")
    func backToCxl() throws {
        var machine = Machines.booted(.coordinated)
        machine.windows[0].isLive = false
        machine.modules.loaded["cxl_acpi"] = nil
        machine.modules.loaded["dax_cxl"] = nil
        machine.isHeld = true
        machine.remembered = RememberedDecoders(
            regions: [RememberedRegion(range: Machines.range, locked: true)],
            decoded: [Machines.range]
        )
        machine.daxDevices = [Machines.device(.hmem)]
        let plan = try Planner(machine: machine).plan(Machines.cxl)
        #expect(plan.steps == [.unload("dax_hmem"), .release, .load("cxl_acpi"), .load("dax_hmem"), .load("dax_cxl")])
        #expect(plan.owners(of: Machines.range) == [.cxl])
        #expect(plan.hazards.isEmpty)
    }

    @Test("back to cxl with nothing remembered: the decoders are unseen, and the range may end with nobody")
    func backToCxlUnknown() throws {
        var machine = Machines.booted(.coordinated)
        machine.windows[0].isLive = false
        machine.modules.loaded["cxl_acpi"] = nil
        machine.modules.loaded["dax_cxl"] = nil
        machine.daxDevices = [Machines.device(.hmem)]
        let plan = try Planner(machine: machine).plan(Machines.cxl)
        #expect(plan.owners(of: Machines.range) == [.cxl, .none])
        #expect(plan.hazardIDs.contains(.orphanedRange))
        #expect(plan.prediction.missingFacts.contains { $0.contains("no decoders are visible") })
    }

    /// `cxl_acpi` and what needs it are not loaded; dax_hmem has the range.
    private func coldBoot(_ ranges: [AddressRange] = [Machines.range]) -> MachineState {
        var machine = Machines.booted(.coordinated, ranges: ranges)
        machine.windows[0].isLive = false
        for module in ["cxl_acpi", "dax_cxl"] { machine.modules.loaded[module] = nil }
        machine.daxDevices = ranges.map { Machines.device(.hmem, $0) }
        machine.initialProbe.value = .pending
        return machine
    }

    @Test("decoders never seen: a region over a part of the range would leave it to hmem, and no driver could bind")
    func unseenPart() throws {
        let plan = try Planner(machine: coldBoot()).plan(Machines.cxl)
        #expect(plan.owners(of: Machines.range) == [.cxl, .hmem])
        let hazard = try #require(plan.hazards.first { $0.id == .unbindable })
        #expect(hazard.why.contains("may get an owner but be unusable"))
        // Where the part would end is nobody's knowledge: it cuts nothing that is shown.
        #expect(plan.prediction.ranges.map(\.range) == [Machines.range])
        #expect(!plan.prediction.iomem.isEmpty)
        #expect(plan.prediction.iomem.allSatisfy { $0.range == Machines.range || $0.range == Machines.window })
    }

    @Test("decoders seen before they went, and no region over them: certain, nobody gets the range")
    func rememberedNothing() throws {
        var machine = coldBoot()
        machine.initialProbe.value = .done
        machine.remembered = RememberedDecoders(regions: [], decoded: [])
        let plan = try Planner(machine: machine).predict(Machines.toCxl)
        #expect(plan.prediction.isCertain && plan.owners(of: Machines.range) == [.none])
    }

    @Test("decoders that stayed without a region: one may be made of them")
    func rememberedDecoders() throws {
        var machine = coldBoot()
        machine.initialProbe.value = .done
        machine.remembered = RememberedDecoders(regions: [], decoded: [Machines.range])
        let plan = try Planner(machine: machine).plan(Machines.cxl)
        #expect(plan.owners(of: Machines.range) == [.cxl, .none])
        #expect(!plan.hazardIDs.contains(.undecodedRange))
    }

    @Test("many ranges and a range over two windows: each byte in a window is unknown while decoders are unseen")
    func unseenEverywhere() throws {
        let size: UInt64 = 0x1000_0000
        let ranges = (0..<8).map { Machines.span(0x5_d000_0000 + $0 * 2 * size, size) }
        var machine = coldBoot(ranges)
        var plan = try Planner(machine: machine).plan(Machines.cxl)
        #expect(plan.prediction.ranges.allSatisfy { $0.owners == [.cxl, .hmem] } && plan.prediction.ranges.count == 8)

        machine = coldBoot()
        machine.initialProbe.value = .done
        let halves = [Machines.span(0x5_d000_0000, size), Machines.span(0x5_e000_0000, size)]
        machine.windows = halves.map {
            Window(range: $0, number: nil, isLive: false, isFixed: false, sources: ["test"])
        }
        plan = try Planner(machine: machine).plan(Machines.cxl)
        #expect(plan.prediction.ranges.map(\.range) == halves)
        #expect(plan.prediction.ranges.allSatisfy { $0.owners == [.cxl, .none] })
        #expect(plan.prediction.missingFacts.count == 1)
    }

    @Test("bytes in no HMEM range are nobody's, and a proximity range is taken whole")
    func proximityRanges() throws {
        let (inside, outside) = (Machines.span(0x1000_0000, 0x1000_0000), Machines.span(0x2000_0000, 0x1000_0000))
        var machine = Machines.booted(.coordinated)
        machine.windows = []
        machine.modules.loaded = [:]
        machine.initialProbe.value = .pending
        let unit = Machines.span(0x0800_0000, 0x1800_0000)
        machine.softReserved = [
            SoftReservedRange(range: inside, sources: ["test"], hmemRange: unit),
            SoftReservedRange(range: outside, sources: ["test"], hmemRange: nil),
        ]
        let plan = try Planner(machine: machine).predict([.load("dax_hmem")])
        #expect(plan.prediction.isCertain)
        #expect(plan.owners(of: inside) == [.hmem] && plan.owners(of: outside) == [.none])
        #expect(plan.prediction.ranges.last?.rules == ["proximity-ranges"])
        #expect(plan.prediction.iomem.filter { $0.name == "daxN.M" }.map(\.range) == [unit])
    }

    @Test("failed assembly on 6.12: the decoders stay and hmem gets the range")
    func failedAssembly() throws {
        let machine = Machines.booted(.deferring, regions: [Machines.region(locked: nil, committed: false)])
        let plan = try Planner(machine: machine).plan(Machines.hmem)
        #expect(plan.hazards.isEmpty)
        #expect(plan.owners(of: Machines.range) == [.hmem])
    }

    @Test("no decoder answers for the range: hmem would crash")
    func undecoded() throws {
        let plan = try Planner(machine: Machines.booted(.deferring)).plan(Machines.hmem)
        #expect(plan.hazardIDs.contains(.undecodedRange))
    }

    @Test("without a hold, loading dax_hmem loads cxl_acpi again", arguments: [Generation.coordinated, .deferring])
    func selfUndoing(_ generation: Generation) throws {
        let machine = Machines.cxlOwned(generation, locked: generation == .coordinated ? true : nil)
        var policy = Machines.hmem
        policy.order.removeAll { $0 == .hold }
        policy.consent.loseRegions = true
        let plan = try Planner(machine: machine).plan(policy)
        #expect(plan.hazardIDs.contains(.selfUndoing))
        #expect(plan.hazardIDs.contains(.wantUnmet))
    }

    @Test("online memory: no driver goes from under it")
    func memoryOnline() throws {
        var machine = Machines.cxlOwned(.coordinated, locked: true, driver: "kmem")
        machine.memory.blocks = [
            MemoryBlock(number: 186, range: Machines.span(0x5_d000_0000, 0x800_0000), isOnline: true, zone: "Normal")
        ]
        #expect(try Planner(machine: machine).plan(Machines.hmem).hazardIDs.contains(.memoryOnline))
        machine.regions[0].locked = false
        #expect(try Planner(machine: machine).plan(Machines.hmem).hazardIDs.contains(.decodeUnderLiveMemory))
    }

    @Test("first load of dax_hmem on 7.3: the region decides; a later load leaves the range", arguments: [true, false])
    func initialProbe(_ isPending: Bool) throws {
        var machine = Machines.booted(.coordinated)
        machine.modules.loaded["dax_hmem"] = nil
        machine.modules.loaded["dax_cxl"] = nil
        machine.initialProbe.value = isPending ? .pending : .done
        let plan = try Planner(machine: machine).predict([.load("dax_hmem")])
        #expect(plan.owners(of: Machines.range) == (isPending ? [.hmem] : [.none]))
    }

    @Test("initial probe unknown: both outcomes, and the fact is named")
    func unknownProbe() throws {
        var machine = Machines.booted(.coordinated)
        machine.modules.loaded["dax_hmem"] = nil
        machine.modules.loaded["dax_cxl"] = nil
        machine.initialProbe.value = .unknown
        let plan = try Planner(machine: machine).predict([.load("dax_hmem")])
        #expect(plan.owners(of: Machines.range) == [.hmem, .none])
        #expect(plan.prediction.missingFacts.count == 1)
    }

    @Test("dax_hmem under dax_cxl: refused on 7.3, allowed on 6.12")
    func holders() throws {
        let coordinated = try Planner(machine: Machines.cxlOwned(.coordinated, locked: true))
        #expect(coordinated.predict([.unload("dax_hmem")]).hazardIDs.contains(.stepRefused))
        let deferring = try Planner(machine: Machines.cxlOwned(.deferring, locked: nil))
        #expect(!deferring.predict([.unload("dax_hmem")]).hazardIDs.contains(.stepRefused))
    }

    @Test("a built-in module can't be unloaded")
    func builtin() throws {
        var machine = Machines.cxlOwned(.coordinated, locked: true)
        machine.modules.loaded["cxl_acpi"] = nil
        machine.modules.builtin.insert("cxl_acpi")
        #expect(try Planner(machine: machine).plan(Machines.hmem).hazardIDs.contains(.builtin))
    }

    @Test("outside every window: hmem, and both policies are content")
    func elsewhere() throws {
        var machine = Machines.booted(.deferring, ranges: [Machines.elsewhere])
        machine.daxDevices = [Machines.device(.hmem, Machines.elsewhere)]
        #expect(try Planner(machine: machine).plan(Machines.hmem).isEmpty)
        #expect(try Planner(machine: machine).plan(Machines.cxl).isEmpty)
    }

    @Test("an unknown generation is an error that says what to do")
    func unknownGeneration() throws {
        var machine = Machines.cxlOwned(.coordinated, locked: true)
        machine.kernel.generation = Inferred(nil, evidence: ["nothing tells"])
        #expect(throws: PlanningError.self) { try Planner(machine: machine) }
        #expect(try Planner(machine: machine, overrides: Overrides(generation: .deferring)).plan(Machines.cxl).isEmpty)
    }

    @Test("who wins the race for one range changes nothing for the ranges after it")
    func raceIsOfOneRange() throws {
        var machine = Machines.booted(
            .unfixed,
            ranges: [Machines.range, Machines.span(0x7_0000_0000, 0x1000_0000)],
            regions: [Machines.region(locked: true)]
        )
        machine.modules.loaded["dax_cxl"] = nil
        machine.modules.loaded["dax_hmem"] = nil
        let plan = try Planner(machine: machine).predict([.load("dax_hmem"), .load("dax_cxl")])
        #expect(plan.owners(of: Machines.range) == [.cxl, .hmem])
        #expect(plan.owners(of: Machines.span(0x7_0000_0000, 0x1000_0000)) == [.hmem])
    }
}
