package import Machine

/// The facts that a plan relies on, so a saved plan is not carried out on another state.
package struct Fingerprint: Sendable, Equatable {
    /// The machine.
    package var host: Host
    /// `/proc/sys/kernel/random/boot_id`.
    package var bootID: String?
    /// The kernel's release.
    package var kernelRelease: String
    /// What each fact says: by its kind, then by what it is about. Those of a machine are put into words when they are asked
    /// for: only a plan that is saved or compared needs them.
    package var facts: [String: [String: String]] {
        get {
            switch source {
            case .machine(let machine): Self.facts(of: machine)
            case .written(let facts): facts
            }
        }
        set { source = .written(newValue) }
    }
    private var source: Source

    /// Where the facts come from.
    private enum Source {
        case machine(MachineState)
        case written([String: [String: String]])
    }

    /// Facts that were written down.
    package init(host: Host, bootID: String?, kernelRelease: String, facts: [String: [String: String]]) {
        self.host = host
        self.bootID = bootID
        self.kernelRelease = kernelRelease
        source = .written(facts)
    }

    /// The fingerprint of a machine: all that the rules are given and nothing that changes by itself or decides nothing
    /// (counts, load addresses, names of dax devices, other modules, other lines of `/proc/iomem`).
    package init(of machine: MachineState) {
        host = machine.host
        bootID = machine.kernel.bootID
        kernelRelease = machine.kernel.release
        source = .machine(machine)
    }

    package static func == (left: Fingerprint, right: Fingerprint) -> Bool {
        left.host == right.host && left.bootID == right.bootID && left.kernelRelease == right.kernelRelease
            && left.facts == right.facts
    }

    /// The digest of the facts of each kind.
    package var digests: [String: String] {
        facts.mapValues { about in
            digest(of: about.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" })
        }
    }

    /// Everything that is no longer the same on `machine`; on another host just that.
    package func changes(on machine: MachineState) -> [FactChange] {
        let identity = identityChanges(on: machine)
        return host.mayBe(machine.host) ? identity + factChanges(on: machine) : identity
    }

    /// The boot and the kernel's release where they are not the same on `machine`; on another host just that.
    package func identityChanges(on machine: MachineState) -> [FactChange] {
        guard host.mayBe(machine.host) else { return systemChanges(on: machine) }
        let boot = FactChange(fact: "boot", before: bootID, now: machine.kernel.bootID)
        // Without a boot id nothing says that it is still the same boot.
        return (boot.isChange || boot.before == nil ? [boot] : []) + systemChanges(on: machine)
    }

    /// The host where `machine` is another one, or its kernel's release; which boot it is in does not matter.
    package func systemChanges(on machine: MachineState) -> [FactChange] {
        guard host.mayBe(machine.host) else {
            return [FactChange(fact: FactChange.host, before: host.words, now: machine.host.words)]
        }
        return [FactChange(fact: "kernel", before: kernelRelease, now: machine.kernel.release)].filter(\.isChange)
    }

    /// Whether `machine` has the same Soft Reserved ranges; no step changes those.
    package func isOfSameMemory(as machine: MachineState) -> Bool {
        facts["soft_reserved"] == Fingerprint(of: machine).facts["soft_reserved"]
    }

    private func factChanges(on machine: MachineState) -> [FactChange] {
        let (facts, now) = (facts, Self.facts(of: machine))
        return Set(facts.keys).union(now.keys).sorted().flatMap { kind in
            let (before, after) = (facts[kind, default: [:]], now[kind, default: [:]])
            return Set(before.keys).union(after.keys).sorted().map { subject in
                let name = Self.words[kind, default: kind]
                return FactChange(fact: "\(name) \(subject)", before: before[subject], now: after[subject])
            }.filter(\.isChange)
        }
    }

    private static let words = [
        "dax_devices": "dax device", "decoders": "decoder", "kernel": "kernel:", "memory": "memory",
        "modules": "module", "regions": "region", "remembered": "remembered region",
        "soft_reserved": "Soft Reserved range", "windows": "CXL window",
    ]
}

/// A fact that differs from the one that a plan relies on.
package struct FactChange: Sendable, Equatable {
    /// What it is about.
    package let fact: String
    /// As it was when the plan was made; nil if it was not there.
    package let before: String?
    /// As it is; nil if it is not there.
    package let now: String?

    /// The fact that is another host.
    package static let host = "host"

    var isChange: Bool { before != now }
}

extension FactChange: CustomStringConvertible {
    package var description: String { "\(fact): \(before ?? "none") -> \(now ?? "none")" }
}

extension Plan {
    /// What differs in `other`, the same request planned again: the steps, the owners after them, or what was accepted: a hazard
    /// is accepted for the subject that the plan showed.
    package func changes(to other: Plan) -> [FactChange] {
        let steps = { (plan: Plan) in plan.steps.map(\.description).joined(separator: ", ") }
        let owners = { (plan: Plan) in
            plan.prediction.ranges.map { range in
                "\(range.range) \(range.owners.sorted().map(\.rawValue).joined(separator: " or "))"
            }.joined(separator: ", ")
        }
        let unseen = other.hazards.filter { request.accepted.contains($0.id) && !hazards.covers($0) }
        return [
            FactChange(fact: "steps", before: steps(self), now: steps(other)),
            FactChange(fact: "result of the steps", before: owners(self), now: owners(other)),
        ].filter(\.isChange)
            + unseen.map { FactChange(fact: "hazard \($0.id.rawValue)", before: "no \($0.subject)", now: $0.subject) }
    }
}

extension Host {
    /// The host for people: its name with its id.
    fileprivate var words: String? {
        guard let name else { return id }
        return name + (id.map { " (\($0))" } ?? "")
    }
}
