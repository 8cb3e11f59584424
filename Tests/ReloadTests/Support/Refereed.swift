import Foundation
import Inspection
import Iomem
import Machine
import Ownership
import Referee
import Testing

@testable import Reload

/// The executor of the tool with a referee behind it. In these tests it has the tool's name, so no test passes by the
/// referee: whatever is said of a recorded kernel is held against the files of that kernel.
struct Executor {
    private let tool: Reload.Executor
    private let surfaces: Surfaces

    init(
        _ surfaces: Surfaces,
        deadlines: Deadlines = Deadlines(),
        report: @escaping (Reload.Progress) -> Void = { _ in }
    ) {
        self.surfaces = surfaces
        tool = Reload.Executor(surfaces, deadlines: deadlines, report: report)
    }

    func run(
        _ plan: Plan,
        of earlier: Reading? = nil,
        accepting accepted: Set<Hazard.Identifier>,
        mayRollBack: Bool = true,
        confirmedWithin limit: Duration? = nil
    ) -> Reload.Outcome {
        let start = Kernel(surfaces)?.moment
        let outcome = tool.run(
            plan,
            of: earlier,
            accepting: accepted,
            mayRollBack: mayRollBack,
            confirmedWithin: limit
        )
        guard let kernel = Kernel(surfaces), let start else { return outcome }
        switch outcome {
        case .done, .awaiting: kernel.expect(plan, since: start)
        case .unchanged, .rolledBack: kernel.expect(start, "\(outcome)")
        case .stopped: break
        }
        return outcome
    }

    func confirm(_ run: AwaitedConfirmation) throws(ReloadError) { try tool.confirm(run) }

    /// A run that is rolled back must leave the machine that the kernel was before all steps.
    func expire(_ name: String) throws(ReloadError) -> Expiry {
        let expiry = try tool.expire(name)
        if let kernel = Kernel(surfaces), case .ended(.undone, _, _) = expiry { kernel.expect(kernel.first, "expired") }
        return expiry
    }

    /// A run that is finished must lead to what its first plan said, whichever steps were left; an undone one the machine that
    /// the kernel was before all steps.
    func recover(_ run: UnfinishedRun, by recovery: Recovery) -> RecoveryOutcome {
        let outcome = tool.recover(run, by: recovery)
        guard let kernel = Kernel(surfaces) else { return outcome }
        switch outcome {
        case .done: kernel.expect(run.interruption.plan, since: kernel.first)
        case .undone: kernel.expect(kernel.first, "undone")
        case .stopped: break
        }
        return outcome
    }
}

/// A recorded kernel as the referee sees it: the files of the moment it is in, and what was done to it since.
private struct Kernel {
    /// A state that can be compared.
    struct Moment {
        var record: String?
        var isHeld: Bool
    }

    private let kernel: RecordedKernel

    /// Nil for other surfaces, and where the process was killed: it says nothing.
    init?(_ surfaces: Surfaces) {
        if let kernel = surfaces.machine as? RecordedKernel {
            self.kernel = kernel
        } else if let faulty = surfaces.machine as? FaultySurfaces, !faulty.isDead {
            kernel = faulty.kernel
        } else {
            return nil
        }
    }

    /// Before the first step.
    var first: Moment { Moment(record: kernel.firstRecord, isHeld: kernel.wasHeld) }

    var moment: Moment { Moment(record: kernel.record, isHeld: isHeld(since: kernel.wasHeld)) }

    private func isHeld(since before: Bool) -> Bool {
        kernel.steps.last { [.hold, .release].contains($0) }.map { $0 == .hold } ?? before
    }

    func expect(_ plan: Plan, since start: Moment) {
        var problems: [String] = []
        if let record = kernel.record {
            problems += KernelRecord(root: record).problems(with: Claim(plan.prediction))
        }
        let gate = plan.steps.last { [.hold, .release].contains($0) }
        if moment.isHeld != gate.map({ $0 == .hold }) ?? start.isHeld { problems.append("the hold is not as planned") }
        problems += plan.steps.compactMap(problemWithMemory)
        report(problems, "done")
    }

    func expect(_ start: Moment, _ said: String) {
        guard let before = start.record.map(KernelRecord.init), let now = kernel.record.map(KernelRecord.init) else {
            return
        }
        var problems =
            before.devices == now.devices ? [] : ["other dax devices: \(now.devices), before \(before.devices)"]
        let switched: Set = ["cxl_acpi", "dax_hmem", "dax_cxl"]
        if before.liveModules.intersection(switched) != now.liveModules.intersection(switched) {
            problems.append("other modules than before")
        }
        if moment.isHeld != start.isHeld { problems.append("the hold is not as before") }
        report(problems, said)
    }

    /// Whether the blocks are online in their zone, by what was written to their attributes
    /// (Documentation/admin-guide/mm/memory-hotplug.rst).
    private func problemWithMemory(_ step: Step) -> String? {
        guard case .restoreUse(let range, .systemRAM(let zone)) = step else { return nil }
        let size = kernel.state.memory.blockSize
        let wanted =
            switch zone {
            case .movable: ["online_movable"]
            case .kernel: ["online_kernel"]
            case .automatic: ["online", "online_movable", "online_kernel"]
            case .offline: ["offline"]
            }
        for number in range.start / size...range.end / size {
            var state: String?
            for write in kernel.writes {
                let parts = write.components(separatedBy: " > ")
                if parts[1].hasSuffix("/memory\(number)/state") { state = parts[0] }
                if parts[0] == "unplugged" || parts[1].hasSuffix("/kmem/unbind") { state = "offline" }
            }
            if let state, !wanted.contains(state) { return "memory\(number) is \(state) after \(step)" }
        }
        return nil
    }

    private func report(_ problems: [String], _ said: String) {
        let problems = problems + (kernel.state.holdGap.map { ["half a hold: \($0)"] } ?? [])
        if !problems.isEmpty { Issue.record("the referee: \(said), but \(problems.joined(separator: "; "))") }
    }
}

extension Claim {
    /// What a prediction says, in words.
    init(_ prediction: Prediction) {
        self.init()
        owners = prediction.ranges.map { ($0.range.start...$0.range.end, Set($0.owners.map(\.rawValue))) }
        modules = prediction.modules.mapValues { Set($0.map(\.rawValue)) }
        lines = prediction.iomem.filter(\.isCertain).map { ($0.range.start...$0.range.end, $0.name) }
    }
}
