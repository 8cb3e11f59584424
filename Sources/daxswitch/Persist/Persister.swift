import Inspection
import LinuxSystem
import Machine
import Ownership
import Persistence
import Policy
import Reload

/// Makes a choice hold on a system, one daxswitch at a time.
struct Persister {
    let system: BootSystem
    let state: StateDirectory
    /// How long another daxswitch is waited for.
    let waitingUpTo: Duration
    let updatesInitramfs: Bool
    let isDryRun: Bool
    /// Begins to watch for the signals that ask for an end.
    let watch: () -> any Interrupts
    /// Keeps the host from being suspended and shut down while the initramfs is made again.
    let inhibitor: any Inhibitor
    /// Shows what is going to be done, and what makes the initramfs anew.
    let show: (PersistReport, InitramfsBuilder?) -> Void
    /// Asks whether it may be done, and throws if not.
    let confirm: () throws -> Void

    func persist(_ asked: PersistProposal.Asked, into report: inout PersistReport) throws {
        let proposal = try propose(asked, &report)
        show(report, proposal.rebuildingBy)
        if isDryRun {
            // The journal of a run that is at work is unfinished as well.
            if proposal.journal != nil { try Lock.waitUntilFree(state) }
            if proposal.isUnfinished { throw PersistenceError.unfinished }
            report.isEmpty = proposal.isEmpty && proposal.journal == nil
            report.outcome = .dryRun
            return
        }
        if proposal.isEmpty && proposal.journal == nil {
            report.outcome = .nothingToDo
            // What was seen in the images is seen once. Who is at work writes that too.
            if let lock = try? Lock(state) { withExtendedLifetime(lock) { try? system.keep(proposal.check) } }
            return
        }
        guard report.hazards.isEmpty else {
            report.outcome = .refused
            return
        }
        try confirm()
        let lock = try Lock(state, waitingUpTo: waitingUpTo)
        try withExtendedLifetime(lock) { try carryOut(asked, &report) }
    }

    /// The one that was waited for may have persisted something: the files are looked at anew.
    private func carryOut(_ asked: PersistProposal.Asked, _ report: inout PersistReport) throws {
        let proposal = try propose(asked, &report)
        if proposal.isEmpty && proposal.journal == nil {
            report.outcome = .nothingToDo
            return
        }
        let interrupts = watch()
        interrupts.note(.halfWay)
        do {
            let persisting = Persisting(on: system, interruption: { interrupts.pending })
            if let builder = proposal.rebuildingBy {
                try inhibitor.duringRebuild { try persisting.carryOut(proposal.plan, rebuildingBy: builder) }
            } else {
                try persisting.carryOut(proposal.plan, rebuildingBy: nil)
            }
        } catch {
            if Failure(error).status != .stopped { interrupts.note(.unchanged) }
            throw error
        }
        interrupts.note(.done)
        report.outcome = .done
        report.isChanged = true
        report.isRebuilt = proposal.rebuildingBy != nil
        report.pendingImages = try system.check(system.images).pending
    }

    private func propose(_ asked: PersistProposal.Asked, _ report: inout PersistReport) throws -> PersistProposal {
        try PersistProposal(asked, updatingInitramfs: updatesInitramfs, on: system, into: &report)
    }
}

extension Inhibitor {
    /// Does `body` while the host is kept from being suspended and shut down: half of an image doesn't boot.
    func duringRebuild<Value>(_ body: () throws -> Value) throws -> Value {
        try inhibiting(because: "the initramfs is being built", unable: { Output.complain(notInhibitedText($0)) }, body)
    }
}

/// What `persist` would do on a system, found out before anything is written.
struct PersistProposal {
    let plan: BootPlan
    /// What makes the initramfs anew; nil where it stays as it is.
    let rebuildingBy: InitramfsBuilder?

    /// What the images have.
    let check: ImageCheck
    /// What an earlier run that was cut off, or is at work, found.
    let journal: ChoiceJournal?

    /// An earlier run was cut off while the initramfs was built, and this one builds none.
    var isUnfinished: Bool { journal?.hasBuilt == true && rebuildingBy == nil }

    /// Nothing is to be done.
    var isEmpty: Bool { plan.isEmpty && rebuildingBy == nil }

    /// Fills `report` as far as it comes: what stands in the way is an error after what is known has been taken down.
    init(
        _ asked: Asked,
        updatingInitramfs: Bool = false,
        on system: BootSystem,
        into report: inout PersistReport
    ) throws {
        let images = system.images
        journal = try system.journal()
        report.builder = system.builder
        check = try system.check(images)
        report.pendingImages = check.pending
        let obstacle = system.kind.obstacle
        let line = try Self.check(asked, on: system, filesLast: obstacle == nil, into: &report)
        let wanted = Result { [report] in
            try BootPlan(choice: report.choice, builder: report.builder, present: try system.present())
        }
        if let obstacle, (try? wanted.get())?.isEmpty != true {
            guard let line else { throw Self.notKept(obstacle, &report) }
            report.commandLineInForce = line.option
            plan = .nothing
        } else {
            plan = try wanted.get()
        }
        report.changes = plan.changes
        // What holds already is not made more dangerous by being asked for again.
        if plan.isEmpty { report.hazards = [] }
        // Where no image is known it can't be told whether there is one that lacks something.
        let isNeeded = !plan.isEmpty || !check.pending.isEmpty || images.isEmpty || journal != nil
        // Where files don't last the initramfs is not made on this host.
        let builder = updatingInitramfs && obstacle == nil ? try Self.builder(of: report) : nil
        rebuildingBy = isNeeded ? builder : nil
    }

    /// Takes down the choice that is asked for, with its hazards.
    /// - Returns: the option of the kernel command line that makes it hold already; nil if none does.
    /// - Throws: `PersistenceError` about what keeps the choice from coming about.
    private static func check(
        _ asked: Asked,
        on system: BootSystem,
        filesLast: Bool,
        into report: inout PersistReport
    ) throws(PersistenceError) -> CommandLineChoice? {
        guard case .policy(let policy, let machine) = asked else { return nil }
        report.policy = policy.name
        try ChoiceObstacle.checkMemory(of: machine)
        let choice = try choice(for: policy, on: machine)
        report.choice = choice
        report.hazards = NextBoot(of: machine).hazards(of: choice)
        try ChoiceObstacle(to: choice, on: machine, with: system.configuration, filesLast: filesLast).check()
        let line = CommandLineChoice(choice)
        return line.isInForce(on: machine) ? line : nil
    }

    private static func builder(of report: PersistReport) throws(Failure) -> InitramfsBuilder {
        guard let builder = report.builder else {
            throw Failure(
                .missing,
                code: "no-initramfs-builder",
                "neither initramfs-tools nor dracut is here: leave --update-initramfs out and rebuild in your own way"
            )
        }
        return builder
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
        return choice
    }

    private static func notKept(_ obstacle: String, _ report: inout PersistReport) -> PersistenceError {
        guard let choice = report.choice else { return PersistenceError(.notKept, obstacle) }
        // The kernel command line would bring the same about.
        guard report.hazards.isEmpty else {
            return PersistenceError(
                .notKept,
                "\(obstacle), and \(choice.rawValue) would be refused for its hazards anyway"
            )
        }
        let line = CommandLineChoice(choice).option
        report.commandLine = line
        return PersistenceError(.notKept, "\(obstacle); put \(line) on the kernel command line instead")
    }
}
