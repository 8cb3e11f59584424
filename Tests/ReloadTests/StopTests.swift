import Foundation
import Inspection
import Iomem
import Machine
import Ownership
import TestCaptures
import Testing

@testable import Reload

@Suite("Where a run must not go on")
struct StopTests {
    let hmem = Policy(
        name: "hmem",
        summary: "",
        order: [.unload("dax_cxl"), .unload("dax_hmem"), .hold, .unload("cxl_acpi"), .load("dax_hmem")],
        want: .init(coveredByRegion: .hmem, windowOnly: .hmem, outsideWindows: .hmem),
        consent: .init()
    )
    let state = StateDirectory(root: TestCaptures.newDirectory())

    private func run(_ kernel: RecordedKernel, overrides: Overrides = Overrides()) throws -> Outcome {
        let plan = try Planner(machine: kernel.state, overrides: overrides).plan(hmem)
        return Executor(kernel.surfaces(state)).run(plan, accepting: [])
    }

    @Test("a step fails and the kernel complained: nothing is tried, not even the way back")
    func failsWithComplaint() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.failures[.unload("cxl_acpi")] = ReloadError(.stepFailed, "can't remove cxl_acpi")
        kernel.lines[.unload("cxl_acpi")] = ["kernel BUG at lib/list_debug.c:59!"]
        guard case .stopped(let error, _) = try run(kernel) else {
            Issue.record("not stopped")
            return
        }
        #expect(error.code == .kernelTrouble)
        #expect(error.message.contains("can't remove cxl_acpi"))
        #expect(kernel.steps == [.unload("dax_cxl"), .unload("dax_hmem"), .hold])
        let run = try UnfinishedRun.find(JournalFile(state), bootID: kernel.state.kernel.bootID)
        #expect(run?.stepsBegun == 4 && run?.interruption.stepsEnded == 3)
    }

    @Test("the first step fails with a complaint: not called unchanged, whatever the machine shows")
    func firstFailsWithComplaint() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.failures[.unload("dax_cxl")] = ReloadError(.stepFailed, "no")
        kernel.lines[.unload("dax_cxl")] = ["Oops: general protection fault, 0000 [#1] SMP"]
        guard case .stopped(let error, _) = try run(kernel) else {
            Issue.record("not stopped")
            return
        }
        #expect(error.code == .kernelTrouble)
    }

    @Test("the rules that the kernel follows stay known when what shows them goes with the modules")
    func generationStaysKnown() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.onRead = { count, machine throws(ReloadError) in
            if count > 0 { machine.kernel.generation = Inferred(nil, evidence: []) }
        }
        guard case .done = try run(kernel) else {
            Issue.record("not done")
            return
        }
    }

    @Test("the way back is written down step by step")
    func wayBackJournal() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.failures[.unload("cxl_acpi")] = ReloadError(.stepFailed, "no")
        kernel.failures[.load("dax_cxl")] = ReloadError(.stepFailed, "gone")
        guard case .stopped(let error, _) = try run(kernel) else {
            Issue.record("not stopped")
            return
        }
        #expect(error.code == .stepFailed)
        #expect(error.cause?.contains("gone") == true)
        let run = try UnfinishedRun.find(JournalFile(state), bootID: kernel.state.kernel.bootID)
        let wayBack = try #require(run?.wayBack)
        #expect(wayBack.last == .load("dax_cxl"))
        #expect(run?.wayBackEnded == wayBack.count - 1)
        #expect(run?.interruption.stepsEnded == 3)
    }

    @Test("a hazard that comes up on the way back stops it")
    func hazardOnWayBack() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.failures[.unload("cxl_acpi")] = ReloadError(.stepFailed, "no")
        kernel.interference = { step, machine in
            if step == .release { machine.kernel.modulesDisabled = true }
        }
        guard case .stopped(let error, _) = try run(kernel) else {
            Issue.record("not stopped")
            return
        }
        #expect(error.cause?.contains("modules-disabled") == true)
        #expect(kernel.steps.last == .release)
    }

    @Test("a run that ended is put aside, not written over")
    func lastJournal() throws {
        _ = try run(try RecordedKernel.lockedSwitch())
        let first = try Data(contentsOf: URL(fileURLWithPath: state.journal))
        _ = try run(try RecordedKernel.lockedSwitch())
        #expect(try Data(contentsOf: URL(fileURLWithPath: state.lastJournal)) == first)
    }
}

@Suite("What is remembered across removals")
struct MachineFactsTests {
    private func range(_ start: UInt64, _ end: UInt64) throws -> AddressRange {
        try #require(AddressRange(start: start, end: end))
    }

    @Test("a region that an earlier removal has taken out of sight stays remembered; one that is seen is taken again")
    func merged() throws {
        var machine = try RecordedKernel.lockedSwitch().state
        let bootID = try #require(machine.kernel.bootID)
        let elsewhere = RememberedRegion(range: try range(0x6_0000_0000, 0x6_0fff_ffff), locked: false)
        let seen = try #require(machine.regions.first?.range)
        let stale = RememberedRegion(range: seen, locked: false)
        let kept = RememberedFacts(
            bootID: bootID,
            initialProbe: .done,
            decoders: RememberedDecoders(regions: [stale, elsewhere], decoded: [])
        )

        let facts = machine.factsToKeep(before: "cxl_acpi", kept: kept, probeIsDone: false)
        #expect(facts?.decoders?.decoded == [seen])
        #expect(facts?.decoders?.regions.map(\.range) == [seen, elsewhere.range])
        #expect(facts?.decoders?.regions.map(\.locked) == [true, false])
        #expect(facts?.decoders?.regions.first?.layout?.targets.first?.device?.serial == "0x1")
        #expect(facts?.initialProbe == .done)

        // What cxl_pci leaves behind when it goes: the region, no longer committed.
        machine.regions[0].committed = false
        #expect(machine.factsToKeep(before: "cxl_acpi", kept: facts, probeIsDone: false)?.decoders == facts?.decoders)
    }

    @Test("the dax devices are those at the start of a run: what its steps took away is not written over them")
    func devices() throws {
        var machine = try RecordedKernel.lockedSwitch().state
        let region = try #require(machine.regions.first)
        let device = try #require(machine.daxDevices.first { $0.through == region.name })
        let keeping = { (machine: MachineState, kept: RememberedFacts?, isStart: Bool) in
            let facts = machine.factsToKeep(before: "cxl_acpi", kept: kept, probeIsDone: true, withDevices: isStart)
            return (facts, facts?.decoders?.regions.first?.layout?.devices)
        }
        let (facts, devices) = keeping(machine, nil, true)
        #expect(devices?.map(\.ranges) == [device.ranges] && devices?.first?.driver == device.driver)
        // In the middle of a run: a step has taken the driver off the device.
        machine.daxDevices[0].driver = nil
        #expect(keeping(machine, facts, false).1 == devices && keeping(machine, nil, false).1 == nil)
        #expect(keeping(machine, facts, true).1?.map(\.driver) == [nil])
        // Without dax_cxl no device shows, and that is nobody's wish.
        machine.daxDevices = []
        machine.regions[0].daxDriver = nil
        #expect(keeping(machine, facts, true).1 == devices)
    }

    @Test("with cxl_acpi out, what is kept is left as it is")
    func outAlready() throws {
        var machine = try RecordedKernel.lockedSwitch().state
        machine.windows = machine.windows.map {
            Window(range: $0.range, number: nil, isLive: false, isFixed: $0.isFixed, sources: $0.sources)
        }
        #expect(machine.factsToKeep(before: "cxl_pci", kept: nil, probeIsDone: true) == nil)
    }
}
