import ArgumentParser
import FoundationEssentials
import Ownership

/// `verify`: is the machine as a plan said, or as a policy wants?
struct VerifyCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        _superCommandName: Daxswitch.name,
        abstract: "Compare this machine with a saved plan or a policy and list the differences.",
        discussion: """
            Exits 4 if there is a difference, or if an earlier run stopped half-way. A saved plan is for one host and its \
            kernel, in any boot; on another one it is refused. With several --root: one line for each machine, in \
            order, and a summary; the exit code is the most severe of all machines.
            """
    )

    @Argument(
        help: ArgumentHelp("A policy, or a file written by plan --out.", valueName: "planfile|policy"),
        completion: .policyNames
    )
    var subject: String

    @OptionGroup var roots: RootsOption
    @OptionGroup var format: FormatOptions
    @OptionGroup var detail: DetailOptions
    @OptionGroup var colour: ColourOption
    @OptionGroup var facts: OverrideOptions

    @Option(
        name: .customLong("prometheus"),
        help: ArgumentHelp(
            "Also write metrics to this file, for the textfile collector of Prometheus' node_exporter; - writes them to "
                + "standard output instead of text.",
            valueName: "file"
        ),
        completion: .file()
    )
    var metrics: [OutFile] = []

    var wantsJSON: Bool { format.wantsJSON }
    var isOneReading: Bool { roots.single == .running && metrics.isEmpty }

    func validate() throws {
        try OutFile.check(metrics, of: "--prometheus")
        try format.validate(roots)
        if metrics.first?.isStandardOutput == true, let other = format.format, other != .json {
            throw ValidationError(
                "--format \(other.rawValue) and --prometheus - both write to standard output; name a file for the metrics"
            )
        }
        if !metrics.isEmpty && roots.single == nil {
            throw ValidationError("--prometheus takes the metrics of one machine")
        }
        if metrics.first?.isStandardOutput == true && wantsJSON {
            throw ValidationError(
                "--json and --prometheus - both write to standard output. Name a file for the metrics"
            )
        }
    }

    func execute() throws -> ExitStatus {
        let asked = try PolicyOrPlan(subject)
        try checkOverrides(of: asked)
        guard let root = roots.single else {
            return try Fleet(.verify, policy: asked.policyName, wantsJSON: wantsJSON, style: colour.style).run(
                over: roots
            ) { root, entry in
                describe(try Verification(asked, root, facts.overrides, named: true), &entry)
            }
        }
        let verification = try Verification(asked, root, facts.overrides)
        if wantsJSON {
            Output.print(verifyDocument(verification))
        } else if metrics.first?.isStandardOutput != true {
            print(verification)
        }
        return try metrics.first.map { try write(verification, to: $0) } ?? verification.status
    }

    private func print(_ verification: Verification) {
        let detail = format.detail(detail)
        switch format.format {
        case .svg:
            let picture = MapPicture(verification.machine, marks: verification.differences.map(MapMark.init))
            Output.print(whole: picture.svg(title: pictureTitle(verification.machine)))
        case .map: Output.print(verifyMap(verification, detail, style: colour.style).lines(namesMarks: true))
        default: Output.print(verifyText(verification, detail, style: colour.style), isWhole: detail.isQuiet)
        }
    }

    /// A saved plan has the facts that it was made with.
    private func checkOverrides(of asked: PolicyOrPlan) throws(Failure) {
        guard case .plan(_, let file) = asked, facts.overrides != Overrides() else { return }
        throw Failure(
            .usage,
            code: "usage",
            "--rules and --initial-probe need a policy, but \(file) is a saved plan, which has its own. "
                + "Leave them out, or make the plan again with them"
        )
    }

    private func describe(_ verification: Verification, _ entry: inout FleetEntry) {
        let differences = verification.differences
        entry.note(verification.findings, of: verification.machine)
        entry.result = differences.isEmpty ? .matches : .differs
        entry.amount = differences.isEmpty ? "" : counted(differences.count, "difference")
        entry.notes = Set(differences.map(\.kind.rawValue)).sorted()
        if verification.nothing != nil { entry.notes.append("nothing to decide") }
        entry.document = verifyDocument(verification)
        entry.status = verification.status
    }

    /// Writes the metrics; a file that can't be written does not hide a difference.
    private func write(_ verification: Verification, to file: OutFile) throws -> ExitStatus {
        let text = verifyMetrics(
            verification.differences,
            machine: verification.machine,
            subject: verification.policy ?? verification.title,
            time: Int(Date.now.timeIntervalSince1970)
        )
        if file.isStandardOutput {
            Output.print(whole: text)
            return verification.status
        }
        do {
            try file.write(text, isPrivate: false)
        } catch {
            Output.complain(error.message)
            return verification.status == .done ? error.status : verification.status
        }
        return verification.status
    }
}
