import ArgumentParser
import Inspection
import Machine
import Ownership
import Policy

/// `plan`: what a policy would do here, and what that brings.
struct PlanCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show the steps of a policy on this machine and who owns what afterwards.",
        discussion: """
            Ends with 3 where a hazard stands in the way; the plan is printed all the same. With several --root: a line \
            for each machine, in order, and a summary; ends as the gravest of them would.
            """
    )

    @Argument(
        help: "A policy's name, or the path of a policy file.",
        completion: .policyNames
    )
    var policy: String

    @OptionGroup var roots: RootsOption
    @OptionGroup var json: JSONOption
    @OptionGroup var facts: OverrideOptions

    @Option(help: ArgumentHelp("Write the plan to this file, for apply and verify.", valueName: "file"))
    var out: String?

    @Flag(name: .customLong("detailed-exitcode"), help: "End with 2 instead of 0 where changes are pending.")
    var detailedExitCode = false

    var wantsJSON: Bool { json.isOn }

    func execute() throws -> ExitStatus {
        let policy = try PolicyLibrary().find(policy).policy
        guard let root = roots.single else { return try preview(policy) }
        let machine = try Inspector(root: root).read()
        machine.material.complain()
        var plan = try Planner(machine: machine, overrides: facts.overrides).plan(policy)
        plan.madeAt = MadeAt.now
        if let out { try FileText.write(JSONValue.form(plan).rendered, to: out, isPrivate: true) }
        if wantsJSON {
            Output.print(.form(plan))
        } else {
            Output.print(planText(plan, machine: machine, root: root, style: .current))
        }
        if !plan.hazards.isEmpty { return .refused }
        return detailedExitCode && !plan.isEmpty ? .pending : .done
    }

    func validate() throws {
        if out != nil && roots.single == nil { throw ValidationError("--out takes the plan of one machine") }
    }

    /// The same for one machine after the other.
    private func preview(_ policy: Policy) throws -> ExitStatus {
        var preview = FleetPreview(policy, overrides: facts.overrides, wantsJSON: wantsJSON)
        try roots.forEach { preview.add($0) }
        guard preview.tally.hosts > 0 else {
            throw Failure(.badData, code: "bad-list", "--root names no directory: the list is empty")
        }
        preview.summarize()
        return preview.tally.status(detailed: detailedExitCode)
    }
}
