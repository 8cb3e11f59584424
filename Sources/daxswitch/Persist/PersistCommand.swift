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
        abstract: "Make a choice hold from the next boot on, or take it back.",
        discussion: """
            Writes configuration of modprobe below /etc, which the initramfs gets too: hmem keeps cxl_acpi from ever being \
            loaded, cxl has the CXL modules loaded before dax_hmem. Where cxl_acpi is part of the kernel image, hmem is a \
            parameter of the kernel as well, which the boot loader is told. Nothing changes on the running machine. Shows what it \
            will write, and asks first on a terminal; scripts say --yes.
            """
    )

    @Argument(
        help: ArgumentHelp("hmem, cxl, or a policy that wants what one of them brings.", valueName: "policy"),
        completion: .policyNames
    )
    var policy: String?

    @Flag(help: "Remove what persist wrote: the next boot is as the kernel decides.")
    var clear = false

    @Flag(help: "Have initramfs-tools or dracut make the initramfs anew.")
    var updateInitramfs = false

    @Flag(help: "Update the boot loader's configuration if the choice needs a kernel parameter.")
    var updateBootLoader = false

    @Flag(help: "Say what would be written and do nothing.")
    var dryRun = false

    @Flag(help: "Don't ask.")
    var yes = false

    @OptionGroup var json: JSONOption
    @OptionGroup var colour: ColourOption
    @OptionGroup var wait: WaitOption

    var wantsJSON: Bool { json.isOn }
    var onlyPrints: Bool { false }

    func validate() throws {
        guard (policy == nil) == clear else { throw ValidationError("say either a policy or --clear") }
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
            system: BootSystem(),
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
        try persister.persist(try policy.map { .policy($0, try Inspector().read()) } ?? .nothing, into: &report)
    }
}
