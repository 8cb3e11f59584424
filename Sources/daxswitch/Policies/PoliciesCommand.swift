import ArgumentParser
import Machine
import Ownership
import Policy
import SavedPlan

/// `policies`: lists the policies, or shows one; with `--proof`, from which states its order leads to the owners that it wants.
struct PoliciesCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "policies",
        _superCommandName: Daxswitch.name,
        abstract: "List the policies, or show and check one."
    )

    @Argument(
        help: ArgumentHelp("A policy's name, or the path of a policy file.", valueName: "name|file"),
        completion: .policyNames
    )
    var name: String?

    @Flag(help: "Also check the policy's order from every state that can be reached from boot. Takes a few seconds.")
    var proof = false

    @OptionGroup var json: JSONOption
    @OptionGroup var detail: DetailOptions
    @OptionGroup var colour: ColourOption

    var wantsJSON: Bool { json.isOn }

    func validate() throws {
        if proof && name == nil { throw ValidationError("--proof checks one policy: name it") }
    }

    func execute() throws -> ExitStatus {
        let library = PolicyLibrary()
        guard let name else {
            let entries = try library.names.map { try library.find($0) }
            if wantsJSON {
                Output.print(policiesDocument(entries.map { ($0, nil) }))
            } else {
                Output.print(aligned(entries.map { [$0.policy.name, "(\($0.source))", $0.policy.summary] }))
            }
            return .done
        }
        let entry = try library.find(naming: name)
        // It takes seconds: nobody who only asks for the order should wait for it.
        let result = proof ? PolicyProof(entry.policy).run() : nil
        if wantsJSON {
            Output.print(policiesDocument([(entry, result)]))
        } else {
            let ending =
                result.map { proofText($0, isVerbose: detail.verbose, style: colour.style) }
                ?? proofHint(entry, style: colour.style)
            Output.print(policyText(entry, style: colour.style) + ending)
        }
        return .done
    }
}

/// `policies --json`: each policy, with its proof if it was asked for.
func policiesDocument(_ entries: [(PolicyLibrary.Entry, ProofResult?)]) -> JSONValue {
    document(
        "policies",
        [
            "policies": .list(
                entries.map { entry, proof in
                    [
                        "name": .text(entry.policy.name), "source": .text(entry.source),
                        "summary": .text(entry.policy.summary),
                        "order": JSONValue(entry.policy.order.map(\.description)),
                        "want": .form(entry.policy.want), "consent": .form(entry.policy.consent),
                        "proof": .list(proof?.generations.map(proofMembers) ?? []),
                    ]
                }
            )
        ]
    )
}

/// The result of the order on the kernels of one generation.
private func proofMembers(_ proof: GenerationProof) -> JSONValue {
    let hazards = proof.refusedBy.map { ($0.key.rawValue, JSONValue($0.value)) }
    return [
        "generation": .text(proof.generation.rawValue), "states": JSONValue(proof.states),
        "content": JSONValue(proof.content), "brought": JSONValue(proof.brought),
        "refused": JSONValue(proof.refused), "elsewhere": JSONValue(proof.elsewhere),
        "refused_by": .object(Dictionary(hazards) { _, last in last }),
        "failures": .list(
            proof.failures.map { failure in
                [
                    "hazards": JSONValue(failure.hazards.map(\.rawValue)), "memory": .text(failure.memory),
                    "states": JSONValue(failure.states), "state": .text(failure.state),
                    "trace": JSONValue(failure.trace),
                ]
            }
        ),
    ]
}

/// One policy for people.
func policyText(_ entry: PolicyLibrary.Entry, style: Style) -> [Line] {
    let policy = entry.policy
    let word = { (owner: Owner?) in owner?.rawValue ?? "any" }
    var lines = [style.strong("\(policy.name)") + "  (\(entry.source))"] + wrapped(policy.summary, indent: 2)
    lines += ["", "Order"] + policy.order.enumerated().map { "  \($0.offset + 1). \($0.element)" }
    lines += ["", "Owner wanted"]
    lines += aligned([
        ["covered by a region", word(policy.want.coveredByRegion)],
        ["in a window only", word(policy.want.windowOnly)],
        ["outside windows", word(policy.want.outsideWindows)],
    ])
    lines += ["", "May do without asking"]
    lines += aligned([
        ["offline memory", policy.consent.offlineMemory ? "yes" : "no"],
        ["lose regions", policy.consent.loseRegions ? "yes" : "no"],
        ["restore regions", policy.consent.restoreRegions ? "yes" : "no"],
    ])
    return lines
}

/// How to have the order of a policy checked.
private func proofHint(_ entry: PolicyLibrary.Entry, style: Style) -> [Line] {
    let command = "daxswitch policies \(shellWord(path: entry.argument)) --proof"
    return ["", style.faint("To check the order from every state that can be reached: \(command)")]
}

/// The result of the order of a policy, for people: the counts of each generation, then what refuses it; with `isVerbose` each
/// kind of state, and a way to it.
func proofText(_ proof: ProofResult, isVerbose: Bool = false, style: Style) -> [Line] {
    var lines: [Line] = ["", "Checked against every state reachable from boot"]
    lines += aligned(
        [["", "states", "in effect", "reached", "refused", "not reached"]]
            + proof.generations.map { proof in
                [proof.generation.rawValue]
                    + [proof.states, proof.content, proof.brought, proof.refused, proof.elsewhere].map(String.init)
            }
    )
    for proof in proof.generations where !proof.failures.isEmpty {
        lines += [
            "",
            style.strong(
                "\(proof.generation.rawValue): states in which the order does not lead to the owners asked for"
            ),
        ]
        if !isVerbose {
            let hazards = proof.refusedBy.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
            let rows = hazards.map { [$0.key.rawValue, "refuses in \(counted($0.value, "state"))"] }
            lines += aligned(
                rows
                    + (proof.elsewhere > 0 ? [["", "owners not reached in \(counted(proof.elsewhere, "state"))"]] : [])
            )
            continue
        }
        let reasons = proof.failures.map(\.hazards)
        for (index, hazards) in reasons.enumerated() where reasons.firstIndex(of: hazards) == index {
            lines += failuresText(proof.failures.filter { $0.hazards == hazards }, style)
        }
    }
    let isShortened = !isVerbose && proof.generations.contains { !$0.failures.isEmpty }
    return lines + (isShortened ? ["", style.faint("Which states, and a way to each: --verbose")] : [])
}

/// States that one set of hazards refuses, or that end elsewhere: by the memory, each with the nearest state.
private func failuresText(_ failures: [ProofFailure], _ style: Style) -> [Line] {
    let hazards = failures.first?.hazards.map(\.rawValue) ?? []
    let title = hazards.isEmpty ? "not reached" : "refused: \(hazards.joined(separator: ", "))"
    var lines = wrapped(title, indent: 2).map(hazards.isEmpty ? style.bad : style.careful)
    for failure in failures {
        let trace = failure.trace.isEmpty ? "at boot" : "after \(failure.trace.joined(separator: ", "))"
        lines += wrapped("\(failure.memory) (\(counted(failure.states, "state")))", indent: 4)
        lines += wrapped("\(trace): \(failure.state)", indent: 6).map(style.faint)
    }
    return lines
}
