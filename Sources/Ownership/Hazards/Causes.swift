import Iomem
import Machine

// One cause is one hazard: what follows from it names it.
extension Planner {
    /// `hazards` of `steps`, each with what it follows from.
    ///
    /// What is no hazard if the memory is offline follows from the memory that is online. The rest is told by its kind: what
    /// becomes of bytes whose decoders were reset or can't be seen, or of a step that the kernel refuses.
    func withCauses(_ hazards: [Hazard], of steps: [Step], policy: Policy?) -> [Hazard] {
        var hazards = hazards
        if hazards.contains(where: { $0.id == .memoryOnline }) {
            let offline = walk(givingMemoryBack(steps, leavingIdle: true), policy: policy).hazards
            for index in hazards.indices where hazards[index].id != .memoryOnline {
                let one = hazards[index]
                if offline.contains(where: { $0.id == one.id && $0.concerns(one) }) { continue }
                hazards[index].cause = hazards.first { $0.id == .memoryOnline && $0.concerns(one) }?.name
            }
        }
        for index in hazards.indices where hazards[index].cause == nil {
            let one = hazards[index]
            let causes = Self.causes[one.id] ?? []
            let cause = causes.lazy.compactMap { id in hazards.first { $0.id == id && $0.concerns(one) } }.first
            // Devices over the same bytes have the same trouble.
            let first = hazards[..<index].first { $0.id == one.id && $0.cause == nil && $0.sharesBytes(with: one) }
            hazards[index].cause = (cause ?? first).map { $0.cause ?? $0.name }
        }
        return hazards
    }

    /// What a hazard of a kind follows from, the nearest cause first. No chain of them closes.
    private static let causes: [Hazard.Identifier: [Hazard.Identifier]] = [
        .undecodedRange: [.regionLost],
        .orphanedRange: [.regionLost, .undecodedRange, .builtin, .modulesDisabled, .lockdown, .stepRefused],
        .unbindable: [.regionLost],
        .stepRefused: [.modulesDisabled, .lockdown, .builtin],
        .nondeterministic: [
            .undecodedRange, .orphanedRange, .builtin, .modulesDisabled, .lockdown, .stepRefused,
        ],
        .wantUnmet: [.regionLost, .orphanedRange, .doubleClaim, .builtin, .modulesDisabled, .lockdown, .stepRefused],
    ]
}

extension Hazard {
    /// Whether the two are about common bytes.
    fileprivate func sharesBytes(with other: Hazard) -> Bool {
        ranges.contains { other.ranges.contains(where: $0.overlaps) }
    }

    /// Whether the two are about common bytes; one that is about no bytes concerns all.
    fileprivate func concerns(_ other: Hazard) -> Bool {
        ranges.isEmpty || other.ranges.isEmpty || sharesBytes(with: other)
    }
}

extension [Hazard] {
    /// Each cause with what follows from it, in order.
    package var grouped: [(cause: Hazard, consequences: [Hazard])] {
        let names = Set(map(\.name))
        return filter { $0.cause.map { !names.contains($0) } ?? true }.map { cause in
            (cause, filter { $0.cause == cause.name && $0.name != cause.name })
        }
    }
}
