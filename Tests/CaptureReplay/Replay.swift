internal import Foundation
internal import Inspection
package import Iomem
package import Machine
package import Ownership
internal import Synchronization
package import TestCaptures

/// One transition of a recorded machine: from one capture to a later one, by steps of the model.
package struct Transition: Sendable {
    package var scenario: String
    package var from: CaptureRoot
    package var to: CaptureRoot
    package var steps: [Step]
    package var before: MachineState
    package var after: MachineState
    /// The bytes of the regions that steps make again. `before` then has what daxswitch would have kept of the moments before it.
    package var restored: [AddressRange] { steps.filter { $0.verb == .restoreRegion }.compactMap(\.range) }
}

/// What the prediction of one transition was worth.
package struct Verdict: Sendable {
    package var transition: Transition
    package var plan: Plan
    package var differences: [Difference]

    package var isRight: Bool { differences.allSatisfy { $0.kind != .owner } }
    package var isCertain: Bool { plan.prediction.isCertain }
    /// The lines of a certain prediction that the kernel printed otherwise.
    package var lineDifferences: [Difference] { isCertain ? differences.filter { $0.kind == .iomem } : [] }
}

package enum Replay {
    private static let states = Mutex<[CaptureRoot: MachineState]>([:])

    /// The machine of a recorded moment, read once for all tests.
    package static func state(_ root: CaptureRoot) throws -> MachineState {
        if let state = states.withLock({ $0[root] }) { return state }
        let tree = try TestCaptures.tree(of: root)
        let state = try Inspector(tree: tree, log: RecordedKernelLog(tree: tree)).read()
        states.withLock { $0[root] = state }
        return state
    }

    /// Every transition of a scenario whose captures are up to `reach` apart and whose commands the model knows.
    package static func transitions(kernel: String, scenario: String, reach: Int = 4) throws -> [Transition] {
        let roots = TestCaptures.roots(kernel: kernel, scenario: scenario)
        var states = try roots.map(state)
        let bytes = Self.bytes(on: states)
        for (number, state) in states.enumerated() {
            // A recorded guest has no daxswitch that could have written them down.
            for (index, device) in state.hmemDevices.enumerated() where !device.isBound {
                states[number].hmemDevices[index].rangeWhenBound = bytes[device.name]
            }
        }
        let events = TestCaptures.events(kernel: kernel, scenario: scenario)
        // What binding and unbinding a driver does is the same whether it is a module or built in.
        for (driver, module) in ["cxl_acpi": "cxl_acpi", "hmem_platform": "dax_hmem"]
        where events.contains("/sys/bus/platform/drivers/\(driver)/") {
            states = states.map { $0.with(builtIn: module) }
        }
        let isCoordinated = states.contains { $0.kernel.generation.value == .coordinated }
        let log = EventLog(
            events,
            isCoordinated: isCoordinated,
            bytes: bytes
        )
        var result: [Transition] = []
        for start in roots.indices {
            var steps: [Step] = []
            for end in roots.indices.dropFirst(start + 1).prefix(reach) {
                guard let known = log.stepsBefore[roots[end].name], let more = known else { break }
                steps += more
                // Regions made by hand or devices that a person changed are no step of ours.
                if more.isEmpty && states[end].regions != states[end - 1].regions { break }
                var transition = Transition(
                    scenario: scenario,
                    from: roots[start],
                    to: roots[end],
                    steps: steps,
                    before: states[start],
                    after: states[end]
                )
                if !transition.restored.isEmpty {
                    transition.before.recall(states[...start])
                    // What was never there is not made again.
                    let known = Set(transition.before.layouts.map(\.range))
                    if !transition.restored.allSatisfy(known.contains) { break }
                }
                result.append(transition)
            }
        }
        return result
    }

    /// The bytes of each `hmem.N` and `regionN` of a recorded machine.
    package static func bytes(on states: [MachineState]) -> [String: AddressRange] {
        var bytes: [String: AddressRange] = [:]
        for state in states {
            for device in state.daxDevices where device.owner == .hmem { bytes[device.through] = device.ranges.first }
            for region in state.regions { bytes[region.name] = region.range }
        }
        return bytes
    }

    package static func verdict(_ transition: Transition) throws -> Verdict {
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

/// A scenario of Tests/Captures, or of a recording that was just made, with the verdict on each of its transitions.
package struct ReplayedScenario: Sendable {
    package var kernel: String
    package var name: String
    package var verdicts: [Verdict]
    /// Whether it is in Tests/Captures itself.
    package var isKept: Bool
}

extension Replay {
    /// Every scenario of every kernel.
    package static func everything() throws -> [ReplayedScenario] {
        try TestCaptures.kernels.flatMap { kernel in
            try TestCaptures.scenarios(kernel: kernel).map { scenario in
                ReplayedScenario(
                    kernel: kernel,
                    name: scenario,
                    verdicts: try transitions(kernel: kernel, scenario: scenario).map(verdict),
                    isKept: TestCaptures.isKept(kernel: kernel, scenario: scenario)
                )
            }
        }
    }
}

extension MachineState {
    /// The same with `module` as part of the kernel image: bound as its device shows.
    package func with(builtIn module: String) -> MachineState {
        var machine = self
        machine.modules.loaded[module] = nil
        machine.modules.builtin.insert(module)
        return machine
    }
}

extension MachineState {
    /// With what daxswitch would have kept of `moments`, the last of which is this one.
    fileprivate mutating func recall(_ moments: ArraySlice<MachineState>) {
        let kept = moments.reduce(nil) { $1.decodersToRemember(kept: $0) }
        if !seesDecoders { remembered = kept }
        lostRegions = kept?.regions.filter(hasLost) ?? []
        if let done = moments.map(\.initialProbe).first(where: { $0.value == .done }) { initialProbe = done }
    }
}

extension Transition {
    /// Whether the guest's `/proc/sys/kernel/modprobe` was emptied at the start.
    var holdsAtStart: Bool {
        guard let path = try? TestCaptures.tree(of: from).text("/proc/sys/kernel/modprobe") else { return false }
        return !path.contains("modprobe")
    }
}
