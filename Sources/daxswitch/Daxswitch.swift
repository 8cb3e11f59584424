import ArgumentParser

/// The tool: what it is, and its commands.
struct Daxswitch: ParsableCommand {
    /// The version that `--version` prints.
    static let version = "0.2.0-dev"

    static let configuration = CommandConfiguration(
        commandName: "daxswitch",
        abstract: "Decide whether the CXL drivers or dax_hmem own Soft Reserved memory.",
        discussion: """
            Reads who owns each Soft Reserved range, plans the order in which cxl_acpi, dax_cxl and dax_hmem are \
            unloaded and loaded, says beforehand who will own each range and why, carries the order out, and holds \
            /proc/iomem against what it said.

            Exit codes: 0 done and verified, or nothing to do; 1 failed, nothing changed or rolled back; 2 changes \
            are pending (plan --detailed-exitcode); 3 refused, a hazard; 4 verification found a difference; 5 stopped \
            half-way, run daxswitch recover; 64 usage; 65 bad policy, plan or capture; 69 a module or kernel feature is missing; 75 busy, \
            try again; 77 not permitted.
            """,
        version: version,
        subcommands: [
            StatusCommand.self, PlanCommand.self, PredictCommand.self, ApplyCommand.self, VerifyCommand.self,
            RecoverCommand.self, PersistCommand.self, CollectCommand.self, PoliciesCommand.self, ExplainCommand.self,
            HistoryCommand.self, VersionCommand.self,
        ]
    )
}
