import ArgumentParser
import Glibc
import Inspection
import LinuxSystem
package import Machine
package import Ownership
import Policy

/// `--json`.
struct JSONOption: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Print one JSON document; its keys are a contract.")
    var isOn = false
}

/// `--wait`.
struct WaitOption: ParsableArguments {
    @Option(
        name: .customLong("wait"),
        help: ArgumentHelp(
            "Wait so long for another daxswitch to end, instead of ending with 75 at once.",
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

/// `--root`.
struct RootOption: ParsableArguments {
    @Option(
        name: .customLong("root"),
        help: ArgumentHelp(
            "Read this instead of the running machine: a capture that `collect` made (a directory or an archive), a "
                + "sosreport, or a text with lines of /proc/iomem.",
            valueName: "path"
        ),
        completion: .file()
    )
    var path = "/"

    /// `--root "$DIR"` with DIR unset must not read another machine than was meant.
    static let emptyMessage = "--root names no directory: it is empty"

    func validate() throws {
        if path.isEmpty { throw ValidationError(Self.emptyMessage) }
    }

    /// The machine that is read.
    ///
    /// - Parameter tellsMaterial: What its material lacks is told on standard error.
    func read(tellsMaterial: Bool = true) throws(InspectionError) -> MachineState {
        let machine = try Inspector(root: path).read()
        if tellsMaterial { machine.material.complain() }
        return machine
    }
}

/// `--rules` and `--initial-probe`.
struct OverrideOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Take these kernel rules instead of the ones found.", valueName: "generation"))
    var rules: Generation?

    @Option(help: "Take this state of dax_hmem's initial probe instead of the one found: pending or done.")
    var initialProbe: InitialProbe?

    func validate() throws {
        if initialProbe == .unknown { throw ValidationError("--initial-probe takes pending or done") }
    }

    /// As the planner takes them.
    var overrides: Overrides { Overrides(generation: rules, initialProbe: initialProbe) }
}

/// `--root`, which `plan` takes for many machines as well.
struct RootsOption: ParsableArguments {
    @Option(
        name: .customLong("root"),
        help: ArgumentHelp(
            "Read this instead of the running machine: a capture that `collect` made (a directory or an archive), a "
                + "sosreport, or a text with lines of /proc/iomem. Several, or @LIST (a file with one a line, @- for "
                + "standard input): a line for each, and a summary.",
            valueName: "path|@list"
        ),
        completion: .file()
    )
    var arguments: [String] = []

    /// The one machine that is asked about; nil where it is a fleet.
    var single: String? {
        guard let first = arguments.first else { return "/" }
        return arguments.count == 1 && !Self.isList(first) ? first : nil
    }

    /// Calls `body` with each directory in the order in which they were given; a list is never held as a whole.
    func forEach(_ body: (String) throws -> Void) throws {
        for argument in arguments {
            guard Self.isList(argument) else {
                try body(argument)
                continue
            }
            let path = String(argument.dropFirst())
            let file = try Self.reading(path) { () throws(SystemError) in
                try path == "-" ? File(copying: STDIN_FILENO) : File.readingRegular(path)
            }
            var lines = LineReader(file)
            while let line = try Self.reading(path, { () throws(SystemError) in try lines.next() }) {
                let directory = line.hasSuffix("\r") ? String(line.dropLast()) : line
                if !directory.allSatisfy(\.isWhitespace) { try body(directory) }
            }
        }
    }

    private static func reading<Value: ~Copyable>(
        _ path: String,
        _ body: () throws(SystemError) -> Value
    ) throws(Failure) -> Value {
        do { return try body() } catch {
            throw Failure(.badData, code: "bad-list", "\(path) can't be read: \(error.cause ?? error.message)")
        }
    }

    func validate() throws {
        if arguments.contains("") { throw ValidationError(RootOption.emptyMessage) }
    }

    private static func isList(_ argument: String) -> Bool { argument.hasPrefix("@") }
}

/// `--offline-memory` and `--leave-idle`.
struct MemoryOptions: ParsableArguments {
    @Flag(help: "Take memory that is online in the way offline first, and put it to the use it had afterwards.")
    var offlineMemory = false

    @Flag(help: "Leave memory that was taken offline as its new driver brings it, instead of putting it to use again.")
    var leaveIdle = false

    /// The policy, with what was consented to on the command line.
    func consenting(_ policy: Policy) -> Policy {
        var policy = policy
        if offlineMemory { policy.consent.offlineMemory = true }
        return policy
    }
}

extension Generation: ExpressibleByArgument {}

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
