import ArgumentParser
import Inspection
import Machine
import Ownership
import Policy

/// `plan`: what a policy would do here, and the result.
struct PlanCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        _superCommandName: Daxswitch.name,
        abstract: "Show the steps of a policy on this machine and who owns what afterwards.",
        discussion: """
            Exits 3 if a hazard blocks the plan, which is still printed. With several --root: one line for each machine, in \
            order, and a summary; the exit code is the most severe of all machines.
            """
    )

    @Argument(
        help: "A policy's name, or the path of a policy file.",
        completion: .policyNames
    )
    var policy: String?

    @OptionGroup var roots: RootsOption
    @OptionGroup var format: FormatOptions
    @OptionGroup var detail: DetailOptions
    @OptionGroup var colour: ColourOption
    @OptionGroup var options: PlanningOptions

    @OptionGroup var saving: PlanOutOption

    @Flag(name: .customLong("detailed-exitcode"), help: "Exit 2 instead of 0 if changes are pending.")
    var detailedExitCode = false

    @Flag(
        help:
            "Show who owns what after the next boot: with what is persisted now, or with what persist POLICY would write."
    )
    var nextBoot = false

    /// A plan on standard output leaves no room for text.
    var wantsJSON: Bool { format.wantsJSON || saving.isToStandardOutput }
    var isOneReading: Bool { roots.single == .running && saving.file == nil }

    func execute() throws -> ExitStatus {
        if nextBoot { return try showNextBoot() }
        let named = try PolicyLibrary().find(naming: policy ?? "")
        guard let root = roots.single else {
            return try Fleet(.plan, policy: named.policy.name, wantsJSON: wantsJSON, style: colour.style).run(
                over: roots
            ) { root, entry in
                let machine = try root.read(named: true)
                // Only which findings there are is counted: no fix is planned.
                entry.note(findings(of: machine) { [] }, of: machine)
                describe(try self.plan(named, on: machine), &entry)
            }
        }
        let machine = try root.read()
        var plan = try self.plan(named, on: machine)
        plan.madeAt = MadeAt.now
        try saving.file?.write(JSONValue.form(plan).rendered, isPrivate: true)
        if wantsJSON {
            Output.print(.form(plan))
        } else {
            printPlan(plan, machine, root: root.path, format, detail, colour.style)
        }
        return status(of: plan)
    }

    func validate() throws {
        try format.validate(roots)
        try saving.checkRoom(beside: format)
        if saving.isAsked && roots.single == nil { throw ValidationError("--out takes the plan of one machine") }
        guard nextBoot else {
            if policy == nil {
                let names = PolicyLibrary().names.joined(separator: ", ")
                throw ValidationError("Missing expected argument '<policy>'. Policies: \(names)")
            }
            return
        }
        if roots.single == nil { throw ValidationError("--next-boot is about one machine: name one --root") }
        let others = [
            format.format == .svg ? "--format svg" : nil, saving.isAsked ? "--out" : nil, options.consents.words.first,
        ].compactMap { $0 }
        if let other = others.first {
            throw ValidationError("--next-boot and \(other) exclude each other: a boot takes no steps")
        }
    }

    private func showNextBoot() throws -> ExitStatus {
        let named = try policy.map { try PolicyLibrary().find(naming: $0).policy }
        let root = roots.single ?? .running
        let report = try NextBootReport(named, on: try root.read(), overrides: options.facts.overrides)
        if wantsJSON {
            Output.print(nextBootDocument(report))
        } else {
            let map = MapText(
                report.machine,
                prediction: report.prediction,
                detail.detail,
                style: colour.style
            )
            Output.print(
                format.isMap
                    ? map.lines()
                    : nextBootPlanText(report, map, root: root.path, format.detail(detail), style: colour.style)
            )
        }
        if !report.hazards.isEmpty { return .refused }
        return detailedExitCode && report.differs != false ? .pending : .done
    }

    private func describe(_ plan: Plan, _ entry: inout FleetEntry) {
        entry.result = FleetResult(plan)
        entry.amount = plan.isEmpty ? "" : counted(plan.steps.count, "step")
        entry.refusedBy = Set(plan.openHazards.grouped.map(\.cause.id))
        entry.isUncertain = !plan.prediction.isCertain
        entry.notes = entry.refusedBy.map(\.rawValue).sorted() + (entry.isUncertain ? ["not certain"] : [])
        entry.document = plan
        entry.status = status(of: plan)
    }

    /// The plan of a policy on a machine, with the options of this command.
    func plan(_ entry: PolicyLibrary.Entry, on machine: MachineState) throws -> Plan {
        options.plan(entry, with: try options.planner(for: machine))
    }

    /// How the command ends about `plan`.
    func status(of plan: Plan) -> ExitStatus {
        if !plan.openHazards.isEmpty { return .refused }
        return detailedExitCode && !plan.isEmpty ? .pending : .done
    }
}
