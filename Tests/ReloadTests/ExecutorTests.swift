import Inspection
import Iomem
import Machine
import Ownership
import TestCaptures
import Testing

@testable import Reload

@Suite("Carrying a plan out on a recorded kernel")
struct ExecutorTests {
    let hmem = Policy(
        name: "hmem",
        summary: "",
        order: [.unload("dax_cxl"), .unload("dax_hmem"), .hold, .unload("cxl_acpi"), .load("dax_hmem")],
        want: .init(coveredByRegion: .hmem, windowOnly: .hmem, outsideWindows: .hmem),
        consent: .init()
    )
    let state = StateDirectory(root: TestCaptures.newDirectory())

    private func run(_ kernel: RecordedKernel, mayRollBack: Bool = true) throws -> Outcome {
        let plan = try Planner(machine: kernel.state).plan(hmem)
        let executor = Executor(kernel.surfaces(state))
        return executor.run(plan, accepting: [], mayRollBack: mayRollBack)
    }

    private func unfinished(_ kernel: RecordedKernel) throws -> UnfinishedRun? {
        try UnfinishedRun.find(JournalFile(state), bootID: kernel.state.kernel.bootID)
    }

    @Test("7.3, locked region: every step in its order, done and verified")
    func done() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        guard case .done(let machine) = try run(kernel) else {
            Issue.record("not done")
            return
        }
        #expect(kernel.steps == hmem.order)
        #expect(kernel.noted == [.halfWay, .done])
        #expect(ownedRanges(of: machine).map(\.owner) == [.hmem])
        #expect(try unfinished(kernel) == nil)
    }

    @Test("what shows at once is not waited for, and the machine is read once before all steps and once after each")
    func readings() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.wakesAfter = nil
        guard case .done = try run(kernel) else {
            Issue.record("not done")
            return
        }
        // Only after the load of dax_hmem, whose devices udev may not have begun with.
        #expect(kernel.now == .milliseconds(100))
        // Time has gone by, so the machine is read again to be verified.
        #expect(kernel.reads == hmem.order.count + 2)
    }

    @Test(
        "the reading that the plan was made of counts for the run, unless something was announced or time went by since"
    )
    func readingOfPlan() throws {
        for (isAnnounced, pause, reads) in [(false, 0, 1), (true, 0, 2), (false, 1, 2)] {
            let kernel = try RecordedKernel.lockedSwitch()
            kernel.wakesAfter = nil
            let seen = Reading(machine: kernel.state, start: kernel.now, end: kernel.now)
            let plan = try Planner(machine: kernel.state).plan(hmem)
            kernel.hasAnnounced = isAnnounced
            kernel.pass(.milliseconds(pause))
            guard case .done = Executor(kernel.surfaces(state)).run(plan, of: seen, accepting: []) else {
                Issue.record("not done")
                return
            }
            #expect(kernel.reads == hmem.order.count + reads)
        }
    }

    @Test("a machine that changed since the reading of the plan, and announced it, is not the plan's any longer")
    func changedSincePlan() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        let seen = Reading(machine: kernel.state, start: kernel.now, end: kernel.now)
        let plan = try Planner(machine: kernel.state).plan(hmem)
        kernel.reinterpret { $0.regions[0].locked = false }
        kernel.hasAnnounced = true
        guard case .unchanged(let error) = Executor(kernel.surfaces(state)).run(plan, of: seen, accepting: []) else {
            Issue.record("went on")
            return
        }
        #expect(error.code == .machineChanged && kernel.steps.isEmpty)
    }

    @Test(
        "the machine is read again before a step if something was announced or some time went by since the one before",
        arguments: [true, false]
    )
    func changedSince(isAnnounced: Bool) throws {
        let kernel = try RecordedKernel.lockedSwitch()
        let plan = try Planner(machine: kernel.state).plan(hmem)
        var changed = false
        let executor = Reload.Executor(kernel.surfaces(state)) { progress in
            guard case .stepEnded(.hold, _) = progress, !changed else { return }
            changed = true
            if isAnnounced { kernel.hasAnnounced = true } else { kernel.pass(.milliseconds(1)) }
            kernel.reinterpret { $0.regions[0].locked = false }
        }
        switch executor.run(plan, accepting: []) {
        case .rolledBack(let error), .stopped(let error, _): #expect(error.code == .newHazard)
        default: Issue.record("went on over an unlocked region")
        }
        #expect(!kernel.steps.contains(.unload("cxl_acpi")))
    }

    @Test("before what shows them goes, the locked region and the end of the initial probe are remembered")
    func remembers() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        _ = try run(kernel)
        // At the start, before dax_hmem and before cxl_acpi.
        #expect(kernel.kept.count == 3)
        for facts in kernel.kept {
            #expect(facts.decoders?.regions.map(\.locked) == [true])
            #expect(facts.initialProbe == .done)
            #expect(facts.bootID == kernel.state.kernel.bootID)
        }
    }

    @Test("the first step fails: nothing was changed")
    func firstStepFails() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.failures[.unload("dax_cxl")] = ReloadError(.stepFailed, "busy")
        guard case .unchanged(let error) = try run(kernel) else {
            Issue.record("changed")
            return
        }
        #expect(error.code == .stepFailed)
        #expect(kernel.steps.isEmpty)
        #expect(try unfinished(kernel) == nil)
    }

    @Test(
        "a module of the way or of the way back could not be loaded: nothing is begun",
        arguments: ["dax_hmem", "cxl_acpi", "dax_cxl"]
    )
    func notLoadable(module: String) throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.withoutFile = [module]
        guard case .unchanged(let error) = try run(kernel) else {
            Issue.record("changed")
            return
        }
        #expect(error.code == .notLoadable && error.message.contains(module))
        #expect(kernel.steps.isEmpty)
        #expect(try JournalFile(state).readAll() == nil)
    }

    @Test("what stands in modprobe's configuration counts only without a hold, and the hold only until it is released")
    func laterLoads() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        _ = try run(kernel)
        let onTheWay = PendingLoad(module: "dax_hmem", isHeld: true, isReleased: false)
        let back = ["cxl_acpi", "dax_cxl", "dax_hmem"].map { PendingLoad(module: $0, isHeld: false, isReleased: false) }
        #expect(kernel.checked == [onTheWay] + back)
        let steps: [Step] = [.unload("dax_hmem"), .release, .load("cxl_acpi")]
        let loads = PendingLoads(steps, on: kernel.state, original: OwnershipGoal(of: kernel.state)).loads
        #expect(
            loads == [
                PendingLoad(module: "cxl_acpi", isHeld: false, isReleased: true),
                PendingLoad(module: "dax_hmem", isHeld: true, isReleased: false),
            ]
        )
    }

    @Test("a step in the middle fails: rolled back to the owners there were")
    func rolledBack() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        let owned = kernel.state
        kernel.failures[.unload("cxl_acpi")] = ReloadError(.stepFailed, "no")
        guard case .rolledBack = try run(kernel) else {
            Issue.record("not rolled back")
            return
        }
        #expect(ownedRanges(of: kernel.state) == ownedRanges(of: owned))
        #expect(!kernel.state.isHeld)
        #expect(try unfinished(kernel) == nil)
    }

    @Test("--no-rollback leaves the machine and the journal as they are")
    func noRollback() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.failures[.unload("cxl_acpi")] = ReloadError(.stepFailed, "no")
        guard case .stopped = try run(kernel, mayRollBack: false) else {
            Issue.record("not stopped")
            return
        }
        #expect(try unfinished(kernel)?.interruption.stepsEnded == 3)
    }

    @Test("an unfinished journal of this boot stops the next run before its first step")
    func unfinishedJournal() throws {
        let broken = try RecordedKernel.lockedSwitch()
        broken.failures[.unload("cxl_acpi")] = ReloadError(.stepFailed, "no")
        _ = try run(broken, mayRollBack: false)
        let kernel = try RecordedKernel.lockedSwitch()
        guard case .unchanged(let error) = try run(kernel) else {
            Issue.record("went on")
            return
        }
        #expect(error.code == .unfinishedJournal)
        #expect(kernel.steps.isEmpty)
    }

    @Test("a kernel WARNING stops the plan, and nothing more is tried")
    func kernelTrouble() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.lines[.unload("dax_hmem")] = ["WARNING: CPU: 0 PID: 1 at drivers/dax/bus.c"]
        guard case .stopped(let error, _) = try run(kernel) else {
            Issue.record("went on")
            return
        }
        #expect(error.code == .kernelTrouble)
        #expect(kernel.steps == [.unload("dax_cxl"), .unload("dax_hmem")])
    }

    @Test("an error line that is what was foreseen stops nothing; one that is not does", arguments: [true, false])
    func expectedMessage(isForeseen: Bool) throws {
        // A region over a part of the range: at the initial probe dax_hmem takes it whole, and dax_cxl fails on the overlap.
        let moments = try RecordedMoments(
            kernel: "7.3.4",
            scenario: "auto-partial",
            ["topology", "hmem-first", "dax_cxl-first"]
        )
        let order: [Step] = [.load("dax_hmem"), .load("dax_cxl")]
        let policy = Policy(
            name: "mine",
            summary: "",
            order: order,
            want: .init(coveredByRegion: nil, windowOnly: nil, outsideWindows: nil),
            consent: .init()
        )
        let kernel = RecordedKernel(try moments.state(with: ["cxl_acpi"]), moments)
        kernel.reinterpret { $0.initialProbe.value = .pending }
        kernel.lines[.load("dax_cxl")] = [
            isForeseen
                ? "cxl_dax_region dax_region0: dax_region resource conflict for [mem 0x5d0000000-0x5efffffff]"
                : "WARNING: CPU: 0 PID: 1 at drivers/dax/bus.c"
        ]
        let plan = try Planner(machine: kernel.state).plan(policy)
        #expect(plan.hazards.contains { $0.id == .unbindable })
        let accepted = Set(plan.hazards.map(\.id))
        let outcome = Executor(kernel.surfaces(state)).run(plan, accepting: accepted)
        switch outcome {
        case .done: #expect(isForeseen)
        case .stopped(let error, _): #expect(!isForeseen && error.code == .kernelTrouble)
        default: Issue.record("\(outcome)")
        }
    }

    @Test("a hazard is taken for what it was about: another region that would be lost meanwhile stops the run")
    func acceptedSubject() throws {
        var policy = hmem
        policy.order = [.unload("dax_cxl"), .unload("dax_hmem"), .hold, .unload("cxl_acpi")]
        policy.want = .init(coveredByRegion: nil, windowOnly: nil, outsideWindows: nil)
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.reinterpret { $0.regions[0].locked = false }
        let plan = try Planner(machine: kernel.state).plan(policy)
        kernel.interference = { step, machine in
            for index in machine.regions.indices { machine.regions[index].locked = false }
            guard step == .hold, var other = machine.regions.first else { return }
            other.name = "region1"
            other.range = AddressRange(start: 0x6_0000_0000, size: 0x1000_0000)
            machine.regions.append(other)
        }
        let outcome = Executor(kernel.surfaces(state)).run(plan, accepting: [.regionLost, .orphanedRange])
        switch outcome {
        case .rolledBack(let error), .stopped(let error, _):
            #expect(error.code == .newHazard && error.message.contains("region1"))
        default: Issue.record("\(outcome)")
        }
    }

    @Test("a policy's consent is to the regions that its plan loses: it gets past those, and stops at another one")
    func consent() throws {
        for hasOther in [false, true] {
            var policy = hmem
            policy.order = [.unload("dax_cxl"), .unload("dax_hmem"), .hold, .unload("cxl_acpi")]
            policy.want = .init()
            policy.consent.loseRegions = true
            let kernel = try RecordedKernel.lockedSwitch()
            kernel.reinterpret { $0.regions[0].locked = false }
            let plan = try Planner(machine: kernel.state).plan(policy)
            #expect(plan.hazards.map(\.id) == [.orphanedRange])
            kernel.interference = { step, machine in
                for index in machine.regions.indices { machine.regions[index].locked = false }
                guard hasOther, step == .hold, var other = machine.regions.first else { return }
                other.name = "region1"
                other.range = AddressRange(start: 0x6_0000_0000, size: 0x1000_0000)
                machine.regions.append(other)
            }
            let outcome = Executor(kernel.surfaces(StateDirectory(root: TestCaptures.newDirectory())))
                .run(plan, accepting: [.orphanedRange])
            #expect(kernel.steps.contains(.unload("cxl_acpi")) == !hasOther, "\(outcome)")
        }
    }

    @Test("SIGTERM: the running step ends, then the way back")
    func interrupted() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.signals[.unload("dax_hmem")] = "SIGTERM"
        guard case .rolledBack(let error) = try run(kernel) else {
            Issue.record("not rolled back")
            return
        }
        #expect(error.code == .interrupted)
    }

    @Test("the kernel does otherwise than predicted: never called done")
    func notAsPredicted() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.interference = { step, machine in
            if step == .load("dax_hmem") { machine.daxDevices = [] }
        }
        guard case .rolledBack(let error) = try run(kernel) else {
            Issue.record("not rolled back")
            return
        }
        #expect(error.code == .notAsPredicted)
        #expect(ownedRanges(of: kernel.state).map(\.owner) == [.cxl])
    }

    @Test("the hold is gone at the end, or half of it: never called done", arguments: [nil, "half of it is there"])
    func notHeld(gap: String?) throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.interference = { step, machine in
            if step == .load("dax_hmem") { (machine.isHeld, machine.holdGap) = (false, gap) }
        }
        switch try run(kernel) {
        case .rolledBack(let error), .stopped(let error, _): #expect(error.code == .notAsPredicted)
        default: Issue.record("called done without a hold")
        }
    }

    @Test("memory goes online behind our back: seen before the step that would lose it")
    func newHazard() throws {
        let other = try RecordedKernel.lockedSwitch()
        other.interference = { step, machine in
            if step == .hold { machine.regions[0].locked = false }
        }
        switch try run(other) {
        case .rolledBack(let error), .stopped(let error, _): #expect(error.code == .newHazard)
        default: Issue.record("went on over an unlocked region")
        }
        #expect(!other.steps.contains(.unload("cxl_acpi")))
    }

    @Test("two devices over one memory before and after: half-way, where only one is left, they are not a new hazard")
    func bothAsBefore() throws {
        let moments = try RecordedMoments(
            kernel: "6.12.107",
            scenario: "hmem-first-then-cxl",
            ["topology-under-hmem", "dax_cxl-second"]
        )
        let both = try moments.state(with: ["cxl_acpi", "dax_hmem", "dax_cxl"])
        #expect(ownedRanges(of: both).contains { $0.owner == .both })
        let plan = try Planner(machine: both).predict([.unload("dax_cxl"), .load("dax_cxl")])
        #expect(plan.steps.count == 2 && plan.hazards.isEmpty)
        let target = OwnershipGoal(after: plan, isHeld: both.isHeld)
        let halfWay = RecordedKernel(try moments.state(with: ["cxl_acpi", "dax_hmem"]), moments)
        let runner = Self.runner(halfWay)
        #expect(try runner.check(before: [.load("dax_cxl")], bringing: target).machine == halfWay.state)
    }

    private static func runner(_ kernel: RecordedKernel) -> StepRunner {
        StepRunner(
            surfaces: kernel.surfaces,
            settling: Settling(surfaces: kernel.surfaces, deadlines: Deadlines()),
            probeWasDone: true,
            overrides: Overrides(),
            accepted: [],
            report: { _ in }
        )
    }

    @Test("a module that udev has loaded before its step is not loaded again")
    func isLive() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        let runner = Self.runner(kernel)
        let steps = [Step.load("dax_cxl")]
        let plan = try Planner(machine: kernel.state).predict(steps)
        let cleared = try runner.check(before: steps, bringing: OwnershipGoal(after: plan, isHeld: false))
        #expect(try runner.perform(cleared).machine == kernel.state)
        #expect(kernel.steps.isEmpty)
    }

    @Test("after a load the machine is as expected also if udev has done the loads that follow, and no others")
    func loadedByUdev() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        let all = kernel.state
        try kernel.remove("dax_cxl")
        try kernel.remove("dax_hmem")
        let runner = Self.runner(kernel)
        for (steps, isExpected) in [
            ([Step.load("dax_hmem"), .load("dax_cxl")], true), ([.load("dax_hmem")], false),
            ([.load("dax_hmem"), .hold, .load("dax_cxl")], false),
        ] {
            let plan = try Planner(machine: kernel.state).predict(steps)
            let cleared = try runner.check(before: steps, bringing: OwnershipGoal(after: plan, isHeld: false))
            #expect(cleared.expected.contains { $0.differences(on: all).isEmpty } == isExpected, "\(steps)")
        }
    }

    @Test("a plan for a machine that has changed is not begun")
    func machineChanged() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        var plan = try Planner(machine: kernel.state).plan(hmem)
        plan.steps.removeFirst()
        let outcome = Executor(kernel.surfaces(state)).run(plan, accepting: [])
        guard case .unchanged(let error) = outcome else {
            Issue.record("begun")
            return
        }
        #expect(error.code == .machineChanged)
        #expect(kernel.steps.isEmpty)
    }
}
