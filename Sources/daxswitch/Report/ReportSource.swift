import Iomem
import Machine
import Ownership
import Policy

/// What a report is made from.
struct ReportSource {
    /// The machine as it is; nil for a saved plan of which no machine is read.
    var status: MachineStatus?
    /// Where it was read from.
    var root: MachineRoot?
    /// The plan that the report is about; nil for a report of a machine alone.
    var plan: Plan?
    /// The file of a saved plan, as a word of a command; nil for a plan that is made now.
    var planFile: String?
    /// What a saved plan relies on and is not so on the machine.
    var changes: [String] = []
    /// How the machine comes back to what it is now after the plan; nil if there is no plan for the machine.
    var wayBack: WayBack?
    /// When the report is made, in UTC as ISO 8601 has it.
    var madeAt: String
    /// The command that makes it.
    var command: String
    /// What names the host is replaced.
    var isRedacted: Bool
}

extension ReportSource {
    /// The machine for the words of a plan: of a saved plan alone nothing is known but its kernel's release.
    var machine: MachineState {
        status?.machine
            ?? MachineState(
                kernel: Kernel(release: plan?.fingerprint.kernelRelease ?? Kernel.unknownRelease),
                iomem: IomemTree(inFileOrder: [])
            )
    }

    /// The host that it is about.
    var host: Host { status?.machine.host ?? plan?.fingerprint.host ?? Host() }
}

extension ReportSource {
    /// Reads the machine at `root` and plans what is asked for on it. A saved plan stays as it is.
    ///
    /// - Parameter options: How a policy is planned.
    /// - Throws: `InspectionError`; `PlanningError` for a policy if it is not known which rules the kernel follows.
    mutating func read(_ root: MachineRoot, _ asked: PolicyOrPlan?, _ options: PlanningOptions) throws {
        let status = try MachineStatus(root)
        self.root = root
        self.status = status
        switch asked {
        case .policy(let entry):
            let planner = try options.planner(for: status.machine)
            var plan = options.plan(entry, with: planner)
            plan.madeAt = madeAt
            wayBack = WayBack(after: plan, planner)
            self.plan = plan
        case .plan(let plan, let file):
            take(plan, file)
            changes = plan.fingerprint.changes(on: status.machine).map(\.description)
            // Of another state, nothing that was planned there holds.
            if changes.isEmpty, let planner = try? Planner(machine: status.machine, overrides: plan.request.overrides) {
                wayBack = WayBack(after: plan, planner)
            }
        case nil: break
        }
    }

    /// A saved plan, which is applied as the file that it is.
    mutating func take(_ plan: Plan, _ file: String) {
        planFile = shellWord(path: file)
        self.plan = plan.applied(as: shellWord(path: file))
    }

    /// Replaces what names the host, everywhere alike.
    mutating func redact() {
        var redaction = Redaction()
        if let status { redaction.add(status.machine) }
        if let plan { redaction.add(plan.fingerprint.host, bootID: plan.fingerprint.bootID) }
        status = status.map { redaction.applied(to: $0) }
        root = root.map { MachineRoot(path: redaction.applied(to: $0.path)) }
        planFile = planFile.map(redaction.applied)
        if let command = plan?.recommendation { plan?.recommendation = redaction.applied(to: command) }
        if let host = plan?.fingerprint.host { plan?.fingerprint.host = redaction.applied(to: host) }
        changes = changes.map(redaction.applied)
        command = redaction.applied(to: command)
    }
}

/// How a machine comes back to what it is now after a plan.
enum WayBack {
    /// The plan changes nothing that matters.
    case unneeded
    /// Applying this policy restores it.
    case policy(String)
    /// These steps restore it, and no policy has them.
    case steps([Step])
    /// No way is certain, and why.
    case uncertain(String)

    /// The way back after `plan` on the machine of `planner`.
    init(after plan: Plan, _ planner: Planner) {
        switch planner.wayBack(after: plan) {
        case .uncertain(let why): self = .uncertain(why)
        case .certain(let order):
            let steps = planner.predict(plan.steps + order).steps.dropFirst(plan.steps.count)
            let library = PolicyLibrary()
            let policies = library.names.compactMap { try? library.find($0).policy }
            if steps.isEmpty {
                self = .unneeded
            } else if let policy = planner.policy(backFrom: plan, among: policies) {
                self = .policy(policy.name)
            } else {
                self = .steps(Array(steps))
            }
        }
    }
}
