internal import Iomem
internal import Machine

/// The commands that a fix may name. Each was planned on this machine first.
final class Remedies {
    /// A command and what it makes of the machine.
    struct Command {
        let text: String
        /// Who may own which bytes afterwards.
        private let owners: [PredictedRange]
        private let index: RangeIndex
        /// The regions that it makes again.
        let restored: Set<AddressRange>

        init(text: String, brings prediction: Prediction, restoring restored: Set<AddressRange>) {
            self.text = text
            self.restored = restored
            owners = prediction.ranges
            index = RangeIndex(owners.map(\.range))
        }

        /// Whether only `wanted` own `range` afterwards.
        func gives(_ range: AddressRange, to wanted: Set<Owner>) -> Bool {
            let places = index.places(overlapping: range)
            return !places.isEmpty && places.allSatisfy { owners[$0].owners.isSubset(of: wanted) }
        }
    }

    private let machine: MachineState
    private let policies: () -> [Policy]
    /// The commands that were planned until now, and what is still to be planned.
    private var planned: [Command] = []
    private var rest: [() -> Command?]?

    init(_ machine: MachineState, policies: @escaping () -> [Policy]) {
        self.machine = machine
        self.policies = policies
    }

    /// The first command after which only `owners` own `ranges`; nil where no command can do that without a hazard.
    ///
    /// No more commands are planned than it takes to find one: each is a plan for the whole machine.
    func command(giving ranges: [AddressRange], to owners: Set<Owner>) -> String? {
        command { command in ranges.allSatisfy { command.gives($0, to: owners) } }
    }

    /// The first command that creates the region over just `range` again; nil where none can do that without a hazard.
    func command(restoring range: AddressRange) -> String? {
        command { $0.restored.contains(range) }
    }

    private func command(where serves: (Command) -> Bool) -> String? {
        if let known = planned.first(where: serves) { return known.text }
        var rest = rest ?? candidates()
        defer { self.rest = rest }
        while let next = rest.popLast() {
            guard let command = next() else { continue }
            planned.append(command)
            if serves(command) { return command.text }
        }
        return nil
    }

    /// How to get to a boot in which dax_hmem owns the memory; nil where that would be dangerous.
    private(set) lazy var persistHmem: String? =
        machine.persisted == .hmem
        ? "reboot: `persist hmem` is already set"
        : NextBoot(of: machine).canBeHmem ? "run `\(machine.persistCommand(.hmem))`, then reboot" : nil

    /// A plan to be made for each command, the first command last: as the policies are, then with the memory taken offline.
    private func candidates() -> [() -> Command?] {
        let planner: Planner
        do throws(PlanningError) {
            planner = try Planner(machine: machine)
        } catch {
            return []
        }
        let policies = policies()
        let gentle = policies.map { policy in { planner.command(policy) } }
        // Without a device there is no memory to take offline, and the plans would be the same.
        if machine.daxDevices.allSatisfy({ $0.owner == nil }) { return gentle.reversed() }
        let offlining = policies.map { policy in
            {
                var policy = policy
                policy.consent.offlineMemory = true
                return planner.command(policy, " --offline-memory")
            }
        }
        return (gentle + offlining).reversed()
    }
}

extension Planner {
    /// The command that carries `policy` out; nil where it changes nothing, has a hazard, or its result is not certain.
    fileprivate func command(_ policy: Policy, _ option: String = "") -> Remedies.Command? {
        let outcome = outcome(of: policy)
        guard outcome.hazards.isEmpty, !outcome.steps.isEmpty, outcome.prediction.isCertain else { return nil }
        return Remedies.Command(
            text: "run `daxswitch apply \(policy.name)\(option)`",
            brings: outcome.prediction,
            restoring: outcome.restoredRegions
        )
    }
}
