import ArgumentParser
import Machine
import Ownership

/// `predict`: what any sequence of steps would lead to.
struct PredictCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        _superCommandName: Daxswitch.name,
        abstract: "Predict who owns each range after the given steps.",
        discussion:
            "A step is load:MODULE, unload:MODULE, hold or release; man daxswitch-policy lists all steps. Hazards are "
            + "shown; the exit code is 0 because nothing is changed."
    )

    @Argument(help: "The steps, in order; with --all-orders, modules.", completion: .list(Self.words))
    var steps: [String] = []

    @OptionGroup var root: RootOption
    @OptionGroup var format: FormatOptions
    @OptionGroup var detail: DetailOptions
    @OptionGroup var colour: ColourOption
    @OptionGroup var facts: OverrideOptions
    @OptionGroup var regions: EarlierRegionsOption

    @OptionGroup var saving: PredictOutOption

    @Flag(help: "Take modules instead of steps, and show every order of loading or reloading them, grouped by result.")
    var allOrders = false

    /// A prediction on standard output leaves no room for text.
    var wantsJSON: Bool { format.wantsJSON || saving.isToStandardOutput }
    var isOneReading: Bool { root.root.isRunning && saving.file == nil }

    private static let words =
        ["hold", "release"] + Step.modules + Step.modules.flatMap { ["load:\($0)", "unload:\($0)"] }

    func validate() throws {
        if steps.isEmpty { throw ValidationError("name at least one \(allOrders ? "module" : "step")") }
        try saving.checkRoom(beside: format)
        if allOrders { return try validateModules() }
        for step in steps {
            do { _ = try Step(parsing: step) } catch {
                let module = underscored(step)
                let meant =
                    Step.modules.contains(module)
                    ? " Did you mean load:\(module) or unload:\(module)?" : suggestion(for: step, in: Self.words)
                throw ValidationError(meant.isEmpty ? error.message : "\(error.message).\(meant)")
            }
        }
    }

    private func validateModules() throws {
        if format.isMap { throw ValidationError("--all-orders has no map: it shows several results") }
        if saving.isAsked { throw ValidationError("--out saves one prediction, but --all-orders makes several") }
        if let word = modules.first(where: { !Step.modules.contains($0) }) {
            throw ValidationError(
                "'\(word)' is not a module that daxswitch handles.\(suggestion(for: word, in: Step.modules)) "
                    + "Use \(Step.modules.joined(separator: ", "))"
            )
        }
        guard Set(modules).count == modules.count, modules.count <= Planner.modulesAtMost else {
            throw ValidationError("--all-orders takes up to \(Planner.modulesAtMost) modules, each once")
        }
    }

    private func planner(for machine: MachineState) throws -> Planner {
        var overrides = facts.overrides
        overrides.regions = try regions.earlierRegions(of: machine)
        return try Planner(machine: machine, overrides: overrides)
    }

    private var modules: [String] { steps.map { underscored($0) } }

    /// Shows what each order comes to.
    private func explore() throws -> ExitStatus {
        let machine = try root.read()
        let outcomes = try planner(for: machine).allOrders(of: modules)
        if wantsJSON {
            Output.print(ordersDocument(outcomes, modules: modules.sorted()))
        } else {
            Output.print(ordersText(outcomes, isVerbose: detail.verbose, style: colour.style))
        }
        return .done
    }

    func execute() throws -> ExitStatus {
        if allOrders { return try explore() }
        let order = try steps.map { try Step(parsing: $0) }
        let machine = try root.read()
        var plan = try planner(for: machine).predict(order)
        plan.madeAt = MadeAt.now
        try saving.file?.write(JSONValue.form(plan).rendered, isPrivate: true)
        if wantsJSON {
            Output.print(.form(plan))
        } else {
            printPlan(plan, machine, root: root.root.path, format, detail, colour.style)
        }
        return .done
    }
}
