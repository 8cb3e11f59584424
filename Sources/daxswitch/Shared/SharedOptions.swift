import ArgumentParser
import Inspection
import Machine
import Ownership

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
            "Read this directory instead of the running machine: a capture that `collect` made.",
            valueName: "dir"
        ),
        completion: .directory
    )
    var path = "/"

    /// `--root "$DIR"` with DIR unset must not read another machine than was meant.
    static let emptyMessage = "--root names no directory: it is empty"

    func validate() throws {
        if path.isEmpty { throw ValidationError(Self.emptyMessage) }
    }

    /// The machine that is read.
    func read() throws(InspectionError) -> MachineState {
        try Inspector(root: path).read()
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
