import Foundation
import Inspection
import Iomem
import Machine
import Ownership
import Synchronization
import TestCaptures

/// One transition of a recorded machine: from one capture to a later one, by steps of the model.
struct Transition: Sendable {
    var scenario: String
    var from: CaptureRoot
    var to: CaptureRoot
    var steps: [Step]
    var before: MachineState
    var after: MachineState
}

/// What the prediction of one transition was worth.
struct Verdict {
    var transition: Transition
    var plan: Plan
    var differences: [Difference]

    var isRight: Bool { differences.allSatisfy { $0.kind != .owner } }
    var isCertain: Bool { plan.prediction.isCertain }
    /// The lines of a certain prediction that the kernel printed otherwise.
    var lineDifferences: [Difference] { isCertain ? differences.filter { $0.kind == .iomem } : [] }
}

enum Replay {
    private static let states = Mutex<[CaptureRoot: MachineState]>([:])

    /// The machine of a recorded moment, read once for all tests.
    static func state(_ root: CaptureRoot) throws -> MachineState {
        if let state = states.withLock({ $0[root] }) { return state }
        let state = try Inspector(root: root.path).read()
        states.withLock { $0[root] = state }
        return state
    }

    /// Every transition of a scenario whose captures are up to `reach` apart and whose commands the model knows.
    static func transitions(kernel: String, scenario: String, reach: Int = 4) throws -> [Transition] {
        let roots = TestCaptures.roots(kernel: kernel, scenario: scenario)
        let states = try roots.map(state)
        let isCoordinated = states.contains { $0.kernel.generation.value == .coordinated }
        let log = EventLog(TestCaptures.events(kernel: kernel, scenario: scenario), isCoordinated: isCoordinated)
        var result: [Transition] = []
        for start in roots.indices {
            var steps: [Step] = []
            for end in roots.indices.dropFirst(start + 1).prefix(reach) {
                guard let known = log.stepsBefore[roots[end].name], let more = known else { break }
                steps += more
                // Regions made by hand or devices that a person changed are no step of ours.
                if more.isEmpty && states[end].regions != states[end - 1].regions { break }
                result.append(
                    Transition(
                        scenario: scenario,
                        from: roots[start],
                        to: roots[end],
                        steps: steps,
                        before: states[start],
                        after: states[end]
                    )
                )
            }
        }
        return result
    }

    static func verdict(_ transition: Transition) throws -> Verdict {
        var before = transition.before
        // A recorded guest keeps cxl_acpi out by emptying the kernel's modprobe path, which the machine does not show.
        before.isHeld = before.isHeld || transition.holdsAtStart
        let plan = try Planner(machine: before).predict(transition.steps)
        return Verdict(
            transition: transition,
            plan: plan,
            differences: compare(plan.prediction, with: transition.after)
        )
    }
}

extension Transition {
    /// Whether the guest's `/proc/sys/kernel/modprobe` was emptied at the start.
    var holdsAtStart: Bool {
        guard let text = try? String(contentsOf: from.url("/proc/sys/kernel/modprobe"), encoding: .utf8) else {
            return false
        }
        return !text.contains("modprobe")
    }
}
