import ArgumentParser
import Ownership

/// `predict`: what any sequence of steps would bring.
struct PredictCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Say who owns what after any sequence of steps, without doing them.",
        discussion:
            "A step is load:MODULE, unload:MODULE, hold or release. Hazards are shown and end with 0: nothing is at stake."
    )

    @Argument(help: "The steps, in order.", completion: .list(Self.words))
    var steps: [String] = []

    @OptionGroup var root: RootOption
    @OptionGroup var json: JSONOption
    @OptionGroup var facts: OverrideOptions

    @Option(help: ArgumentHelp("Write the prediction to this file, for verify.", valueName: "file"))
    var out: String?

    var wantsJSON: Bool { json.isOn }

    private static let words = ["hold", "release"] + Step.modules.flatMap { ["load:\($0)", "unload:\($0)"] }

    func validate() throws {
        if steps.isEmpty { throw ValidationError("name at least one step") }
        for step in steps {
            do { _ = try Step(parsing: step) } catch { throw ValidationError(error.message) }
        }
    }

    func execute() throws -> ExitStatus {
        let order = try steps.map { try Step(parsing: $0) }
        let machine = try root.read()
        let plan = try Planner(machine: machine, overrides: facts.overrides).predict(order)
        let document = planDocument(plan, of: order, policy: nil, overrides: facts.overrides, machine: machine)
        if let out { try FileText.write(document.rendered, to: out) }
        if wantsJSON {
            Output.print(document)
        } else {
            Output.print(planText(plan, machine: machine, style: .current))
        }
        return .done
    }
}
