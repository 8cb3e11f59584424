import Glibc
import Inspection
import Machine
import Ownership
import Policy
import TestCaptures
import Testing

@testable import Reload

/// A policy on a recorded machine: what every injection begins with.
struct InjectionCase: Sendable, CustomTestStringConvertible {
    let kernel: String
    let scenario: String
    let policy: Ownership.Policy
    let moments: RecordedMoments
    let start: MachineState

    var testDescription: String { "\(policy.name) on \(kernel), \(scenario)" }

    init(
        _ kernel: String,
        _ scenario: String,
        _ names: [String],
        from modules: Set<String>,
        isHeld: Bool = false,
        _ policy: String
    ) throws {
        self.kernel = kernel
        self.scenario = scenario
        self.policy = try PolicyLibrary(folders: []).find(policy).policy
        moments = try RecordedMoments(kernel: kernel, scenario: scenario, names)
        var start = try moments.state(with: modules)
        start.isHeld = isHeld
        // Who holds cxl_acpi out has seen the decoders before.
        if isHeld {
            start.remembered = try moments.state(with: ["cxl_acpi", "dax_hmem", "dax_cxl"]).decodersToRemember(
                kept: nil
            )
        }
        self.start = start
    }

    func kernel(_ journal: [UInt8]? = nil) -> FaultySurfaces {
        FaultySurfaces(RecordedKernel(start, moments), journal: journal)
    }

    func run(_ faulty: FaultySurfaces) throws -> Outcome {
        let plan = try Planner(machine: start).plan(policy)
        return Executor(faulty.surfaces).run(plan, accepting: [])
    }

    /// Recovers in a new process on the same kernel; nil where there is nothing to recover.
    func recover(_ faulty: FaultySurfaces) throws -> RecoveryOutcome? {
        let fresh = FaultySurfaces(faulty.kernel, journal: faulty.journal)
        defer { faulty.journal = fresh.journal }
        let machine = faulty.kernel.state
        guard let run = try UnfinishedRun.find(fresh, bootID: machine.kernel.bootID) else { return nil }
        let recovery = try Planner(machine: machine, overrides: run.overrides).recovery(of: run.interruption)
        return Executor(fresh.surfaces).recover(run, by: recovery)
    }

    func isOld(_ machine: MachineState) -> Bool { OwnershipGoal(of: start).differences(on: machine).isEmpty }

    func isNew(_ machine: MachineState) throws -> Bool {
        let plan = try Planner(machine: start).plan(policy)
        return Target(of: plan, reaching: OwnershipGoal(after: plan, isHeld: start.isHeld)).differences(on: machine)
            .isEmpty
    }
}

@Suite("Every call to a surface fails in turn, and the tool never lies")
struct InjectionTests {
    static let cases: [InjectionCase] = {
        let all: Set = ["cxl_acpi", "dax_hmem", "dax_cxl"]
        let locked = ["dax-out", "acpi-out", "hmem-owned", "hmem-back", "cxl-owned"]
        let reload = ["hmem-removed", "dax_cxl-removed", "dax_cxl-before-hmem", "dax_cxl-again"]
        let unassembled = ["dax_cxl-first", "hmem-first", "dax-out", "acpi-out", "hmem-alone"]
        do {
            return [
                try InjectionCase("7.3.4", "locked-switch", locked, from: all, "hmem"),
                try InjectionCase("7.3.4", "locked-switch", locked, from: ["dax_hmem"], isHeld: true, "cxl"),
                try InjectionCase("7.3.4", "locked-switch", locked, from: all, "reload"),
                try InjectionCase("6.12.107", "auto-reload", reload, from: ["cxl_acpi", "dax_hmem"], "cxl"),
                try InjectionCase("6.12.107", "auto-failed-assembly", unassembled, from: all, "hmem"),
            ]
        } catch {
            Issue.record(error)
            return []
        }
    }()

    /// What a call of each kind can come to.
    private static let faults: [String: [FaultySurfaces.Fault]] = {
        let written =
            [FaultySurfaces.Fault.failsWithEffect(.unavailable)]
            + [EACCES, EROFS, ENOSPC, EDQUOT, EIO, ENOMEM, ENFILE].map { .refused($0) }
        let stepped: [FaultySurfaces.Fault] = [
            .fails(.hung), .failsWithEffect(.stepFailed),
            .complaint("WARNING: CPU: 0 PID: 1 at kernel/resource.c:1149"), .signal,
        ]
        // kernel/module/main.c; EPROBE_DEFER (517) is what a module's own initialisation may return.
        let inserted = [
            EPERM, ENOENT, EINTR, EIO, ENOEXEC, EAGAIN, ENOMEM, EBUSY, ENODEV, EINVAL, ENOSYS, EKEYREJECTED, ENOKEY,
            EBADMSG,
            ETIMEDOUT, 517,
        ]
        let removed = [EPERM, EAGAIN, EBUSY, EINTR, ENOMEM, EFAULT, ENOSYS]
        return [
            "insert": stepped + inserted.map { .refused($0) }, "remove": stepped + removed.map { .refused($0) },
            "check": [.fails(.notLoadable)], "hold": written, "release": written, "keep": written,
            "kept": [.fails(.unavailable)], "read": [.fails(.unavailable), .fails(.notPermitted), .fails(.busy)],
            "journal-read": [.fails(.unavailable)], "journal-begin": written, "journal-append": written,
        ]
    }()

    @Test("a call fails: done, unchanged, rolled back, or stopped with a journal that recovers", arguments: cases)
    func fails(_ injected: InjectionCase) throws {
        let calls = injected.kernel()
        guard case .done(let machine) = try injected.run(calls) else {
            Issue.record("not done without a fault")
            return
        }
        #expect(try injected.isNew(machine) && !injected.isOld(machine) || injected.policy.name == "reload")
        for (number, name) in calls.calls.enumerated() {
            for fault in Self.faults[name] ?? [] {
                let faulty = injected.kernel()
                faulty.fault = (number, fault)
                let outcome = try injected.run(faulty)
                let place: Comment = "call \(number), \(name) \(fault)"
                try judge(outcome, injected, faulty, place)
            }
        }
    }

    private func judge(
        _ outcome: Outcome,
        _ injected: InjectionCase,
        _ faulty: FaultySurfaces,
        _ place: Comment
    ) throws {
        let machine = faulty.kernel.state
        let run = try UnfinishedRun.find(
            FaultySurfaces(faulty.kernel, journal: faulty.journal),
            bootID: machine.kernel.bootID
        )
        switch outcome {
        case .done, .awaiting:
            #expect(try injected.isNew(machine), place)
            #expect(faulty.kernel.noted.last == .done, place)
            #expect(run == nil, place)
        case .unchanged, .rolledBack:
            #expect(injected.isOld(machine), place)
            #expect(faulty.kernel.noted.last == .unchanged, place)
            #expect(run == nil, place)
        case .stopped(let error, _):
            #expect(run != nil, place)
            #expect(faulty.kernel.noted.last == .halfWay, place)
            let recovered = try injected.recover(faulty)
            if error.code == .kernelTrouble || error.code == .hung {
                if case .stopped = recovered { return }
                let machine = faulty.kernel.state
                #expect(try injected.isOld(machine) || injected.isNew(machine), place)
            } else {
                try judgeRecovered(recovered, injected, faulty, place)
            }
        }
    }

    /// Either the old arrangement or the new one, as was said, and nothing to recover.
    private func judgeRecovered(
        _ recovered: RecoveryOutcome?,
        _ injected: InjectionCase,
        _ faulty: FaultySurfaces,
        _ place: Comment
    ) throws {
        let machine = faulty.kernel.state
        switch recovered {
        case nil: #expect(try injected.isOld(machine) || injected.isNew(machine), place)
        case .done: #expect(try injected.isNew(machine), place)
        case .undone: #expect(injected.isOld(machine), place)
        case .stopped(let error, _): Issue.record("\(place): stuck: \(error)")
        }
        #expect(try injected.recover(faulty) == nil, place)
    }

    @Test("killed before or after any effect, and while a line of the journal is written: recovered", arguments: cases)
    func killed(_ injected: InjectionCase) throws {
        let calls = injected.kernel()
        _ = try injected.run(calls)
        let effects: Set = ["insert", "remove", "hold", "release", "keep", "write", "journal-begin", "journal-append"]
        for (number, name) in calls.calls.enumerated() where effects.contains(name) {
            let kills: [FaultySurfaces.Fault] = [.killed(afterEffect: false), .killed(afterEffect: true)]
            for fault in kills + (["hold", "release"].contains(name) ? [.killedWithin] : []) {
                let faulty = injected.kernel()
                faulty.fault = (number, fault)
                _ = try injected.run(faulty)
                // A journal has its name once its first line is whole.
                if case .killed(true) = fault, name == "journal-append" { faulty.journal?.removeLast(7) }
                let place: Comment = "call \(number), \(name) \(fault)"
                try judgeRecovered(try injected.recover(faulty), injected, faulty, place)
            }
        }
    }
}
