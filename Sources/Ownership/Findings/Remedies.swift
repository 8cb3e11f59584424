internal import Iomem
internal import Machine

/// The commands that a fix may name. Each was planned on this machine first.
final class Remedies {
    /// A command and what it makes of the machine.
    struct Command {
        let text: String
        /// Who may own which bytes afterwards.
        private let owners: [OwnershipGoal.PossibleOwners]
        private let index: RangeIndex

        init(text: String, goal: OwnershipGoal) {
            self.text = text
            owners = goal.ranges
            index = RangeIndex(goal.ranges.map(\.range))
        }

        /// Whether only `wanted` own `range` afterwards.
        func gives(_ range: AddressRange, to wanted: Set<Owner>) -> Bool {
            let places = index.places(overlapping: range)
            return !places.isEmpty && places.allSatisfy { owners[$0].owners.isSubset(of: wanted) }
        }
    }

    private let machine: MachineState
    private let policies: () -> [Policy]
    private var planned: [Command]?

    init(_ machine: MachineState, policies: @escaping () -> [Policy]) {
        self.machine = machine
        self.policies = policies
    }

    /// The first command after which only `owners` own `ranges`; nil where no command can do that without a hazard.
    func command(giving ranges: [AddressRange], to owners: Set<Owner>) -> String? {
        commands.first { command in ranges.allSatisfy { command.gives($0, to: owners) } }?.text
    }

    /// What brings the machine to another boot in which dax_hmem owns the memory; nil where that would be dangerous.
    var persistHmem: String? {
        guard machine.persisted != .hmem else { return "reboot: `persist hmem` is in place" }
        return NextBoot(of: machine).hazards(of: .hmem).isEmpty ? "run `daxswitch persist hmem`, then reboot" : nil
    }

    private var commands: [Command] {
        if let planned { return planned }
        let found = makeCommands()
        planned = found
        return found
    }

    private func makeCommands() -> [Command] {
        let planner: Planner
        do throws(PlanningError) {
            planner = try Planner(machine: machine)
        } catch {
            return []
        }
        let gentle = policies().compactMap { command(planner.plan($0), "run `daxswitch apply \($0.name)`") }
        let offlining = policies().compactMap { policy in
            var policy = policy
            policy.consent.offlineMemory = true
            return command(
                planner.plan(policy),
                "run `daxswitch apply \(policy.name) --offline-memory`"
            )
        }
        return gentle + offlining
    }

    private func command(_ plan: Plan, _ text: String) -> Command? {
        guard plan.hazards.isEmpty, !plan.isEmpty, plan.prediction.isCertain else { return nil }
        return Command(text: text, goal: OwnershipGoal(after: plan, isHeld: machine.isHeld))
    }
}
