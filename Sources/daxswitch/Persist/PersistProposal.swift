import Inspection
import Machine
import Ownership
import Persistence
import Policy

/// What `persist` would do on a system, found out before anything is written.
struct PersistProposal {
    let plan: BootPlan
    /// What makes the initramfs anew; nil where it stays as it is.
    let rebuildingBy: InitramfsBuilder?

    /// Nothing is to be done.
    var isEmpty: Bool { plan.isEmpty && rebuildingBy == nil }

    /// Fills `report` as far as it comes: what stands in the way is an error after what is known has been taken down.
    init(
        _ asked: Asked,
        updatingInitramfs: Bool = false,
        on system: some BootSystem,
        into report: inout PersistReport
    ) throws {
        let images = system.images
        report.builder = system.builder
        report.isInitramfsStale = !images.stale.isEmpty
        var hazards: [Hazard] = []
        if case .policy(let policy, let machine) = asked {
            report.policy = policy.name
            let choice = try Self.choice(for: policy, on: machine)
            report.choice = choice
            hazards = NextBoot(of: machine).hazards(of: choice)
        }
        if let obstacle = system.kind.obstacle {
            throw Self.notKept(obstacle, &report)
        }
        plan = try BootPlan(choice: report.choice, builder: report.builder, present: try system.present())
        report.changes = plan.changes
        // What holds already is not made more dangerous by being asked for again.
        report.hazards = plan.isEmpty ? [] : hazards
        if updatingInitramfs && report.builder == nil {
            throw Failure(
                .missing,
                code: "no-initramfs-builder",
                "neither initramfs-tools nor dracut is here: leave --update-initramfs out and rebuild in your own way"
            )
        }
        // Where no image is known it can't be told whether there is one that lacks something.
        let isNeeded = !plan.isEmpty || report.isInitramfsStale || images.isEmpty
        rebuildingBy = updatingInitramfs && isNeeded ? report.builder : nil
    }

    /// A policy on a machine, or that nothing is to be persisted.
    enum Asked {
        case policy(Ownership.Policy, MachineState)
        case nothing
    }

    private static func choice(for policy: Ownership.Policy, on machine: MachineState) throws(PersistenceError)
        -> BootChoice
    {
        guard let choice = NextBoot(of: machine).choice(for: policy) else {
            throw PersistenceError(
                .notPersistable,
                "no boot brings what policy \(policy.name) wants on this kernel; persist takes hmem and cxl, and policies "
                    + "that want what one of them brings (daxswitch-apply@\(policy.name).service applies it at boot)"
            )
        }
        for module in choice == .hmem ? ["dax_hmem"] : ["cxl_acpi", "dax_cxl"]
        where machine.modules.state(of: module) == .missing {
            throw PersistenceError(.missingModule, "kernel \(machine.kernel.release) has no module \(module)")
        }
        let kept = SystemKind.blacklisted(for: choice, commandLine: machine.kernel.commandLine)
        guard kept.isEmpty else {
            throw PersistenceError(
                .blacklisted,
                "the kernel command line keeps out \(kept.joined(separator: " and ")): take module_blacklist= off it, "
                    + "then run persist again"
            )
        }
        return choice
    }

    private static func notKept(_ obstacle: String, _ report: inout PersistReport) -> PersistenceError {
        guard let choice = report.choice else { return PersistenceError(.notKept, obstacle) }
        let line = SystemKind.commandLine(for: choice)
        report.commandLine = line
        return PersistenceError(.notKept, "\(obstacle); put \(line) on the kernel command line instead")
    }
}
