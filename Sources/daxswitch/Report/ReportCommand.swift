import ArgumentParser
import LinuxSystem
import Ownership

/// The format of a report; the raw value is the word of `--format`.
enum ReportFormat: String, WordChoice {
    case html, md
}

/// `report`: one file about a machine or a plan, for a ticket or a review.
struct ReportCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "report",
        _superCommandName: Daxswitch.name,
        abstract: "Write one HTML or Markdown file about a machine or a plan, for a ticket or a review.",
        discussion: """
            The report has the verdict, the map, owners, findings with their evidence and fixes, modules, windows and \
            regions, the kernel, and how it was made; with --plan also the steps, hazards, owners before and after, and \
            the way back. The file needs nothing else: no script and nothing from the network. Exits 0 once it is \
            written, whatever it says.
            """
    )

    @OptionGroup var place: RootOption
    @OptionGroup var json: JSONOption

    @Option(
        name: .customLong("plan"),
        help: ArgumentHelp(
            "Report what this would change: a policy, or a file that plan --out wrote. A saved plan is reported alone, "
                + "unless --root names a machine.",
            valueName: "policy|planfile"
        ),
        completion: .policyNames
    )
    var subject: String?

    @Option(help: "The format: html, or md (Markdown).")
    var format = ReportFormat.html

    @Option(
        name: .customLong("out"),
        help: ArgumentHelp(
            "Write the report to this file; with -, to standard output. Only you can read a new file. Default: standard output.",
            valueName: "file"
        ),
        completion: .file()
    )
    var files: [OutFile] = []

    @Flag(help: "Replace the file if it exists.")
    var force = false

    @OptionGroup var options: PlanningOptions

    @Flag(help: "Replace the host name, the machine and boot ids, and serial numbers.")
    var redact = false

    var wantsJSON: Bool { json.isOn }
    var onlyPrints: Bool { file == nil }

    /// The file, if it is not standard output.
    private var file: OutFile? { files.first.flatMap { $0.isStandardOutput ? nil : $0 } }

    func validate() throws {
        try OutFile.check(files, of: "--out")
        if subject == nil, let option = options.words.first {
            throw ValidationError("\(option) is about a plan: name a policy with --plan")
        }
        if force && file == nil { throw ValidationError("--force replaces the file of --out: name it") }
        if wantsJSON && file == nil {
            throw ValidationError(
                "--json tells about the file of --out: name it. For the facts themselves: status --json"
            )
        }
    }

    func execute() throws -> ExitStatus {
        try checkPlace()
        let source = try source()
        let content = ReportContent(source)
        let text =
            switch format {
            case .html: ReportHTML.document(content)
            case .md: ReportMarkdown.document(content)
            }
        guard let file else {
            Output.print(whole: text)
            return .done
        }
        try file.write(text, isPrivate: true)
        if wantsJSON {
            Output.print(document(about: source, file, size: text.utf8.count))
        } else {
            Output.print(["Written to \(file.path). \(content.verdict.text)"])
        }
        return .done
    }

    /// `report --json`: the file, and what it comes to.
    private func document(about source: ReportSource, _ file: OutFile, size: Int) -> JSONValue {
        daxswitch.document(
            "report",
            [
                "file": .text(file.path), "format": .text(format.rawValue), "size": JSONValue(size),
                "redacted": .bool(redact), "health": JSONValue(source.status?.health.rawValue),
                "verdict": JSONValue(source.plan?.verdict.rawValue), "policy": JSONValue(source.plan?.policy?.name),
            ]
        )
    }

    /// Looks before anything is read that the report can be written.
    private func checkPlace() throws(Failure) {
        if let file {
            // A device or a pipe is written into; a file that holds something is somebody's.
            guard !force, let status = try? FileStatus(file.path), status.kind == .regular || status.kind == .directory
            else { return }
            let fix =
                status.kind == .directory ? "Name a file in it" : "Choose another name, or use --force to replace it"
            throw Failure(.usage, code: "exists", "\(file.path) already exists. \(fix)")
        }
        if files.isEmpty && format == .html && Output.isTerminal {
            throw Failure(
                .usage,
                code: "usage",
                "the report is HTML, and standard output is a terminal. Name a file, as --out report.html; or use --format md"
            )
        }
    }

    private func source() throws -> ReportSource {
        var source = ReportSource(madeAt: MadeAt.now, command: command, isRedacted: redact)
        let asked = try subject.map { try PolicyOrPlan($0) }
        if case .plan(let plan, let file) = asked {
            if let option = options.words.first {
                throw Failure(
                    .usage,
                    code: "usage",
                    "\(file) is a saved plan, and it has its own options. Leave out \(option), or name a policy"
                )
            }
            if place.arguments.isEmpty {
                source.take(plan, file)
                if redact { source.redact() }
                return source
            }
        }
        try source.read(place.root, asked, options)
        if redact { source.redact() }
        return source
    }

    /// The command line that makes the report.
    private var command: String {
        var words = ["daxswitch", "report"]
        for root in place.arguments { words += ["--root", shellWord(path: root)] }
        if let subject { words += ["--plan", shellWord(path: subject)] }
        words += options.words
        if format != .html { words += ["--format", format.rawValue] }
        for file in files { words += ["--out", file.isStandardOutput ? file.path : shellWord(path: file.path)] }
        if force { words.append("--force") }
        if redact { words.append("--redact") }
        return words.joined(separator: " ")
    }
}
