import Machine
import Ownership
import Policy

/// One policy for people.
func policyText(_ entry: PolicyLibrary.Entry, style: Style) -> [String] {
    let policy = entry.policy
    let word = { (owner: Owner?) in owner?.rawValue ?? "any" }
    var lines = [style.strong(policy.name) + "  (\(entry.source))"] + wrapped(policy.summary, indent: 2)
    lines += ["", "Order"] + policy.order.enumerated().map { "  \($0.offset + 1). \($0.element)" }
    lines += ["", "Owner wanted"]
    lines += aligned([
        ["covered by a region", word(policy.want.coveredByRegion)],
        ["in a window only", word(policy.want.windowOnly)],
        ["outside windows", word(policy.want.outsideWindows)],
    ])
    lines += ["", "May do unasked"]
    lines += aligned([
        ["offline memory", policy.consent.offlineMemory ? "yes" : "no"],
        ["lose regions", policy.consent.loseRegions ? "yes" : "no"],
    ])
    return lines
}

/// What the order of a policy brings, for people: the counts of each generation, then where it doesn't bring what is wanted.
func proofText(_ proof: ProofResult, style: Style) -> [String] {
    var lines = ["", "Proof, over every state that the model can reach from a boot"]
    lines += aligned(
        [["", "states", "hold already", "brought", "refused", "end elsewhere"]]
            + proof.generations.map { proof in
                [proof.generation.rawValue]
                    + [proof.states, proof.content, proof.brought, proof.refused, proof.elsewhere].map(String.init)
            }
    )
    for proof in proof.generations where !proof.failures.isEmpty {
        lines += ["", style.strong("\(proof.generation.rawValue): where the order does not bring what is wanted")]
        let reasons = proof.failures.map(\.hazards)
        for (index, hazards) in reasons.enumerated() where reasons.firstIndex(of: hazards) == index {
            lines += failuresText(proof.failures.filter { $0.hazards == hazards }, style)
        }
    }
    return lines
}

/// States that one set of hazards refuses, or that end elsewhere: by the memory, each with the nearest state.
private func failuresText(_ failures: [ProofFailure], _ style: Style) -> [String] {
    let hazards = failures.first?.hazards.map(\.rawValue) ?? []
    let title = hazards.isEmpty ? "ends elsewhere" : "refused: \(hazards.joined(separator: ", "))"
    var lines = wrapped(title, indent: 2).map(hazards.isEmpty ? style.bad : style.careful)
    for failure in failures {
        let trace = failure.trace.isEmpty ? "at boot" : "after \(failure.trace.joined(separator: ", "))"
        lines += wrapped("\(failure.memory) (\(counted(failure.states, "state")))", indent: 4)
        lines += wrapped("\(trace): \(failure.state)", indent: 6).map(style.faint)
    }
    return lines
}
