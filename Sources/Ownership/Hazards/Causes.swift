import Iomem
import Machine

// One cause is one hazard: what follows from it names it.
extension Planner {
    /// `hazards` of `steps`, each with what it follows from.
    ///
    /// What is no hazard if the memory is offline follows from the memory that is online. The rest is told by its kind: what
    /// becomes of bytes whose decoders were reset or can't be seen, or of a step that the kernel refuses.
    func withCauses(_ hazards: [Hazard], of steps: [Step], policy: Policy?) -> [Hazard] {
        if hazards.isEmpty { return [] }
        var hazards = hazards
        let index = HazardIndex(hazards)
        if hazards.contains(where: { $0.id == .memoryOnline }) {
            let offline = walk(givingMemoryBack(steps, leavingIdle: true), policy: policy).hazards
            let offlineIndex = HazardIndex(offline)
            for place in hazards.indices where hazards[place].id != .memoryOnline {
                let one = hazards[place]
                // A device can be cut by an edge, too, and that is another reason than memory that is stuck.
                if let other = offlineIndex.first(of: one.id, concerning: one),
                    one.id != .unbindable || offline[other].why == one.why
                {
                    continue
                }
                hazards[place].cause = index.first(of: .memoryOnline, concerning: one).map { hazards[$0].name }
            }
        }
        for place in hazards.indices where hazards[place].cause == nil {
            let one = hazards[place]
            let cause = Self.causes[one.id]?.lazy.compactMap { index.first(of: $0, concerning: one) }.first
            // Devices over the same bytes have the same trouble.
            let first = index.places(of: one.id, sharingBytesWith: one).first { $0 < place && hazards[$0].cause == nil }
            hazards[place].cause = (cause ?? first).map { hazards[$0].cause ?? hazards[$0].name }
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

extension [Hazard] {
    /// Each cause with what follows from it, in order.
    package var grouped: [(cause: Hazard, consequences: [Hazard])] {
        let names = Set(map(\.name))
        let consequences = Dictionary(grouping: filter { $0.cause != nil && $0.name != $0.cause }, by: \.cause)
        return filter { $0.cause.map { !names.contains($0) } ?? true }.map { cause in
            (cause, consequences[cause.name] ?? [])
        }
    }
}
