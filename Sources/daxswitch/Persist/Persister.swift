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
    let updatesBootLoader: Bool
    let isDryRun: Bool
    /// Begins to watch for the signals that ask for an end.
    let watch: () -> any Interrupts
    /// Keeps the host from being suspended and shut down while the initramfs is made again.
    let inhibitor: any Inhibitor
    /// Shows what is going to be done, and what rebuilds the initramfs.
    let show: (PersistReport, InitramfsBuilder?) -> Void
    /// Asks whether it may be done, and throws if not.
    let confirm: () throws -> Void

    func persist(_ asked: PersistProposal.Asked, into report: inout PersistReport) throws {
        let proposal = try propose(asked, &report)
        show(report, proposal.rebuildingBy)
        if isDryRun {
            // The journal of a run that is at work is unfinished as well.
            if proposal.journal != nil { try Lock.waitUntilFree(state) }
            if let unfinished = proposal.unfinished { throw unfinished }
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

    /// The one that was waited for may have persisted something: the files are looked at again.
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
            let carryOut = {
                try persisting.carryOut(proposal.plan, rebuildingBy: proposal.rebuildingBy, changing: proposal.changing)
            }
            if proposal.rebuildingBy != nil || proposal.changing != nil {
                try inhibitor.duringRebuild(carryOut)
            } else {
                try carryOut()
            }
        } catch {
            if Failure(error).status != .stopped { interrupts.note(.unchanged) }
            throw error
        }
        interrupts.note(.done)
        report.outcome = .done
        report.isChanged = true
        report.isRebuilt = proposal.rebuildingBy != nil
        report.bootLoaderIsChanged = proposal.changing != nil
        if let change = report.bootLoader {
            report.pendingEntries = system.bootEntries.files(leavingOut: "cxl_acpi", is: !change.isWanted)
        }
        report.pendingImages = try system.check(system.images).pending
    }

    private func propose(_ asked: PersistProposal.Asked, _ report: inout PersistReport) throws -> PersistProposal {
        try PersistProposal(
            asked,
            updatingInitramfs: updatesInitramfs,
            updatingBootLoader: updatesBootLoader,
            on: system,
            into: &report
        )
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
    /// What rebuilds the initramfs; nil if it is not rebuilt.
    let rebuildingBy: InitramfsBuilder?

    /// What the boot loader is told; nil where it stays as it is.
    let changing: BootLoaderChange?

    /// What the images have.
    let check: ImageCheck
    /// What an earlier run that was cut off, or is at work, found.
    let journal: ChoiceJournal?

    /// An earlier run was cut off while the initramfs was built, or the boot loader changed, and this one does not do so.
    var unfinished: PersistenceError? {
        if journal?.hasBuilt == true && rebuildingBy == nil { return .unfinished }
        return journal?.bootLoader != nil && changing == nil ? .unfinishedBootLoader : nil
    }

    /// Nothing is to be done.
    var isEmpty: Bool { plan.isEmpty && rebuildingBy == nil && changing == nil }

    /// Fills `report` as far as it comes: what stands in the way is an error after what is known has been taken down.
    init(
        _ asked: Asked,
        updatingInitramfs: Bool = false,
        updatingBootLoader: Bool = false,
        on system: BootSystem,
        into report: inout PersistReport
    ) throws {
        let images = system.images
        journal = try system.journal()
        report.builder = system.builder
        report.unrecorded = system.unrecorded
        check = try system.check(images)
        report.pendingImages = check.pending
        let obstacle = system.kind.obstacle
        let line = try Self.check(asked, on: system, filesLast: obstacle == nil, into: &report)
        let need = try obstacle == nil ? Self.need(asked, on: system, &report) : .nothing
        let wanted = Result { [report] in
            try BootPlan(
                choice: report.choice,
                builder: report.builder,
                loader: need.loader,
                present: try system.present()
            )
        }
        if let obstacle, (try? wanted.get())?.isEmpty != true {
            guard let line else { throw Self.notKept(obstacle, asked, on: system, &report) }
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
        let mustChange = !plan.isEmpty || !need.pending.isEmpty || !need.entriesAreKnown || journal != nil
        report.bootLoader = need.change
        report.pendingEntries = need.pending
        report.bootLoaderIsUnseen = !need.entriesAreKnown
        report.bootLoaderIsUnrecorded = need.isUnrecorded
        changing = updatingBootLoader && mustChange ? need.change : nil
        report.bootLoaderIsToChange = changing != nil
        if let changing { try system.check(changing) }
    }

    /// Takes down the choice that is asked for, with its hazards.
    /// - Returns: the option of the kernel command line that makes it hold already; nil if none does.
    /// - Throws: `PersistenceError` about what keeps the choice from taking effect.
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
        report.canKexec = choice == .hmem && NextBoot(of: machine).canKexec
        let line = CommandLineChoice(choice, on: machine)
        return line.isInForce(on: machine) ? line : nil
    }

    private static func need(_ asked: Asked, on system: BootSystem, _ report: inout PersistReport) throws
        -> BootLoaderNeed
    {
        guard case .policy(_, let machine) = asked else { return try BootLoaderNeed(of: nil, on: nil, system) }
        do {
            return try BootLoaderNeed(of: report.choice, on: machine, system)
        } catch let error as PersistenceError where error.code == .notKept {
            // With a hazard, the line for the kernel command line is not shown.
            if report.hazards.isEmpty { report.commandLine = BootLoader.parameter }
            throw error
        }
    }

    private static func builder(of report: PersistReport) throws(Failure) -> InitramfsBuilder {
        guard let builder = report.builder else {
            throw Failure(
                .missing,
                code: "no-initramfs-builder",
                "neither initramfs-tools nor dracut is installed. Leave out --update-initramfs and rebuild the initramfs yourself"
            )
        }
        return builder
    }

    /// A policy on a machine, or that nothing is to be persisted.
    enum Asked {
        case policy(Ownership.Policy, MachineState)
        case nothing
    }

    /// The choice with the result that a policy wants.
    static func choice(for policy: Ownership.Policy, on machine: MachineState) throws(PersistenceError)
        -> BootChoice
    {
        guard let choice = NextBoot(of: machine).choice(for: policy) else {
            throw PersistenceError(
                .notPersistable,
                "no boot of this kernel leads to the owners of policy \(policy.name). persist takes hmem, cxl, and policies "
                    + "with the same result as one of them. Enable daxswitch-apply@\(policy.name).service to apply it at each boot"
            )
        }
        return choice
    }

    private static func notKept(
        _ obstacle: String,
        _ asked: Asked,
        on system: BootSystem,
        _ report: inout PersistReport
    ) -> PersistenceError {
        guard let choice = report.choice, case .policy(_, let machine) = asked else {
            return PersistenceError(.notKept, obstacle)
        }
        // The kernel command line would do the same.
        guard report.hazards.isEmpty else {
            return PersistenceError(
                .notKept,
                "\(obstacle), and \(choice.rawValue) would also be refused because of its hazards"
            )
        }
        let option = CommandLineChoice(choice, on: machine).option
        report.commandLine = option
        let line = system.kind.image.map { ": \($0.line(for: option))" } ?? ""
        return PersistenceError(.notKept, "\(obstacle). Put \(option) on the kernel command line instead\(line)")
    }
}
