import ArgumentParser
import Inspection
import LinuxSystem
package import Machine
package import Ownership
import Policy

/// `--json`.
struct JSONOption: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Print JSON with a stable schema.")
    var isOn = false
}

/// `--wait`.
struct WaitOption: ParsableArguments {
    @Option(
        name: .customLong("wait"),
        help: ArgumentHelp(
            "Wait up to this many seconds for another daxswitch. 0: exit 75 at once.",
            valueName: "seconds"
        )
    )
    var seconds: UInt = 0

    func validate() throws {
        if seconds > 86_400 { throw ValidationError("--wait takes up to 86400 seconds") }
    }

    /// The limit.
    var limit: Duration { .seconds(Int64(clamping: seconds)) }
}

/// `--rules` and `--initial-probe`.
struct OverrideOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Use these kernel rules instead of the detected ones.", valueName: "generation"))
    var rules: Generation?

    @Option(help: "Use this state of dax_hmem's initial probe instead of the detected one.")
    var initialProbe: InitialProbe?

    func validate() throws {
        if initialProbe == .unknown { throw ValidationError("--initial-probe takes pending or done") }
    }

    /// As the planner takes them.
    var overrides: Overrides { Overrides(generation: rules, initialProbe: initialProbe) }

    /// The options that were given, as they are written in a command.
    var words: [String] { overrides.words }
}

extension Overrides {
    /// The options that ask for them.
    var words: [String] {
        (generation.map { ["--rules", $0.rawValue] } ?? [])
            + (initialProbe.map { ["--initial-probe", $0.rawValue] } ?? [])
            + (regions.map { ["--regions-from", shellWord(path: $0.file)] } ?? [])
    }
}

/// The options of a plan that is made now and is not carried out by the same command: those of `plan`, and of `report --plan`.
struct PlanningOptions: ParsableArguments {
    @OptionGroup var consents: ConsentOptions
    @OptionGroup var facts: OverrideOptions

    /// What plans for `machine`. - Throws: `PlanningError` if it is not known which rules the kernel follows.
    func planner(for machine: MachineState) throws -> Planner {
        var overrides = facts.overrides
        overrides.regions = try consents.regions.earlierRegions(of: machine)
        return try Planner(machine: machine, overrides: overrides)
    }

    /// The plan that `planner` makes of a policy.
    func plan(_ entry: PolicyLibrary.Entry, with planner: Planner) -> Plan {
        consents.plan(entry.policy, with: planner, named: shellWord(path: entry.argument))
    }

    /// The options that were given, as they are written in a command.
    var words: [String] { consents.words + facts.words }
}

/// `--regions-from`.
struct EarlierRegionsOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Take lost regions from this earlier capture of the host. A policy restores them if it has restore_regions = true.",
            valueName: "capture"
        ),
        completion: .file()
    )
    var regionsFrom: String?

    /// The regions of `--regions-from`; nil without it.
    ///
    /// - Throws: `Failure` for a capture of another host or without regions, `InspectionError` for one that can't be read.
    func earlierRegions(of machine: MachineState) throws -> EarlierRegions? {
        guard let file = regionsFrom else { return nil }
        let earlier = try Inspector(root: file).read()
        guard earlier.host.name != Redaction.host else {
            throw Failure(
                .badData,
                code: "redacted",
                "\(file): made with --redact, so its host and memory devices are not known. Use a capture made without --redact"
            )
        }
        guard earlier.host.mayBe(machine.host) else {
            throw Failure(
                .badData,
                code: "other-host",
                "\(file): a capture of another host\(earlier.host.name.map { " (\($0))" } ?? ""). Use one of this host"
            )
        }
        let committed = earlier.regions.filter(\.committed)
        let layouts = earlier.layouts(of: committed.filter { $0.locked != true })
        guard !layouts.isEmpty else {
            let what =
                committed.isEmpty
                ? "no committed CXL region is in it. Use a capture from before the loss"
                : "all its regions are locked: they come back by themselves, and there is nothing to restore"
            throw Failure(.badData, code: "no-regions", "\(file): \(what)")
        }
        return EarlierRegions(file: file, layouts: layouts)
    }

    /// The option if it was given, as it is written in a command.
    var words: [String] { regionsFrom.map { ["--regions-from", shellWord(path: $0)] } ?? [] }

    func validate() throws {
        if regionsFrom?.isEmpty == true { throw ValidationError("--regions-from: the name of the capture is empty") }
    }
}

/// What a plan may do beyond its policy: `--offline-memory`, `--leave-idle` and `--accept`. `plan` and `apply` take the same
/// options, so what one shows is what the other carries out.
struct ConsentOptions: ParsableArguments {
    @Flag(help: "Take blocking memory offline first, and restore its use afterwards.")
    var offlineMemory = false

    @Flag(help: "Don't restore the memory's previous use.")
    var leaveIdle = false

    @Option(
        help: ArgumentHelp(
            "Accept this hazard; may be repeated. Hazards that would crash the host can't be accepted.",
            valueName: "hazard"
        )
    )
    var accept: [Hazard.Identifier] = []

    @OptionGroup var regions: EarlierRegionsOption

    /// The options that were given, as they are written in a command.
    var words: [String] {
        regions.words + (offlineMemory ? ["--offline-memory"] : []) + (leaveIdle ? ["--leave-idle"] : [])
            + accept.flatMap { ["--accept", $0.rawValue] }
    }

    func validate() throws {
        for hazard in accept where !hazard.isAcceptable {
            let names = Hazard.Identifier.acceptable.map(\.rawValue).sorted().joined(separator: ", ")
            throw ValidationError("--accept takes \(names). \(hazard.rawValue) can't be accepted")
        }
    }

    /// The plan of `policy`, with what was asked for before (`saved`) and what is asked for here.
    ///
    /// - Parameter named: The word that names the policy in a command; nil: its name.
    func plan(_ policy: Policy, with planner: Planner, after saved: Plan.Request? = nil, named: String? = nil) -> Plan {
        var policy = policy
        if offlineMemory { policy.consent.offlineMemory = true }
        return planner.plan(
            policy,
            leavesIdle: leaveIdle || saved?.leavesIdle == true,
            accepting: Set(accept).union(saved?.accepted ?? []),
            named: named
        )
    }
}

/// Words that an option takes, all of them.
///
/// The option parser's own list is found through a key path, which the runtime makes at each start of the program.
protocol WordChoice: ExpressibleByArgument, CaseIterable, RawRepresentable<String> {}

extension WordChoice {
    package static var allValueStrings: [String] { allCases.map { $0.rawValue } }
    /// None: a word says what it is.
    package static var allValueDescriptions: [String: String] { [:] }
}

extension Generation: WordChoice {}

extension InitialProbe: ExpressibleByArgument {
    /// The words that a person can give; that it is unknown is no statement.
    package static var allValueStrings: [String] { [InitialProbe.pending, .done].map(\.rawValue) }
}

extension Hazard.Identifier: ExpressibleByArgument {
    /// The ones that `--accept` takes.
    package static var allValueStrings: [String] { Hazard.Identifier.acceptable.map(\.rawValue).sorted() }
}

extension CompletionKind {
    /// The names of the built-in policies, then files.
    static var policyNames: CompletionKind { .list(PolicyLibrary(folders: []).names) }
}
