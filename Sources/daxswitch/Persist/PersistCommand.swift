import ArgumentParser
import Inspection
import LinuxSystem
import Persistence
import Policy
import Reload

/// `persist`: the choice for the boots to come.
struct PersistCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "persist",
        _superCommandName: Daxswitch.name,
        abstract: "Set or clear the owner used from the next boot.",
        discussion: """
            Writes modprobe configuration below /etc, which must get into the initramfs, too. hmem blocks \
            cxl_acpi; cxl loads the CXL modules before dax_hmem. If cxl_acpi is built into the kernel, hmem also needs a \
            kernel parameter in the boot loader's configuration. The running machine is not changed. Shows what it \
            will write, and asks first; scripts use --yes.
            """
    )

    @Argument(
        help: ArgumentHelp("hmem, cxl, or a policy with the same result as one of them.", valueName: "policy"),
        completion: .policyNames
    )
    var policy: String?

    @Flag(help: "Remove what persist wrote. From the next boot the kernel's default applies.")
    var clear = false

    @Flag(help: "Rebuild the initramfs with initramfs-tools or dracut.")
    var updateInitramfs = false

    @Flag(help: "Update the boot loader's configuration if the choice needs a kernel parameter.")
    var updateBootLoader = false

    @Flag(help: "Show what would be written, and change nothing.")
    var dryRun = false

    @Flag(help: "Don't ask.")
    var yes = false

    @OptionGroup var root: RootOption
    @OptionGroup var json: JSONOption
    @OptionGroup var colour: ColourOption
    @OptionGroup var wait: WaitOption

    var wantsJSON: Bool { json.isOn }
    var onlyPrints: Bool { false }

    func validate() throws {
        guard (policy == nil) == clear else { throw ValidationError("give either a policy or --clear") }
        guard !root.root.isRunning else { return }
        if !dryRun { throw ValidationError("--root needs --dry-run: a recorded machine is never changed") }
        if updateInitramfs || updateBootLoader {
            throw ValidationError(
                "--root excludes --update-initramfs and --update-boot-loader: nothing is run for a capture"
            )
        }
    }

    func execute() throws -> ExitStatus {
        var report = PersistReport()
        do {
            try persist(&report)
        } catch {
            report.fail(error)
        }
        if wantsJSON {
            Output.print(persistDocument(report))
        } else {
            Output.print(persistText(report, style: colour.style))
        }
        if let error = report.error { Output.complain(error.message) }
        return report.status
    }

    private func persist(_ report: inout PersistReport) throws {
        let library = PolicyLibrary(distrust: FileTrust.distrust(isActedOn: true))
        let policy = try policy.map { try library.find(naming: $0).policy }
        if !dryRun, let hazard = Privilege.current.hazardOfPersisting { throw Failure(hazard) }
        let persister = Persister(
            system: root.root.isRunning ? BootSystem() : BootSystem(recorded: try Material.open(root.root.path).tree),
            state: StateDirectory(),
            waitingUpTo: wait.limit,
            updatesInitramfs: updateInitramfs,
            updatesBootLoader: updateBootLoader,
            isDryRun: dryRun,
            watch: { SignalInterrupts() },
            inhibitor: LogindInhibitor(),
            show: { report, builder in
                if !wantsJSON { Output.print(persistPlanText(report, rebuilds: builder != nil, style: colour.style)) }
            },
            confirm: { try Confirmation(of: "persist", isGiven: yes).ask("Do this? [y/N] ") }
        )
        try persister.persist(try policy.map { .policy($0, try root.read()) } ?? .nothing, into: &report)
    }
}
