import Machine
import Ownership
import Policy

/// `policies --json`: each policy with its proof, which a list goes without.
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
                        "want": wantMembers(entry.policy.want), "consent": consentMembers(entry.policy.consent),
                        "proof": .list(proof?.generations.map(proofMembers) ?? []),
                    ]
                }
            )
        ]
    )
}

/// What the order brings on the kernels of one generation.
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

/// The owner wanted, in the words of a policy file.
func wantMembers(_ want: Policy.Want?) -> JSONValue {
    [
        "covered_by_region": .text(want?.coveredByRegion?.rawValue ?? "any"),
        "window_only": .text(want?.windowOnly?.rawValue ?? "any"),
        "outside_windows": .text(want?.outsideWindows?.rawValue ?? "any"),
    ]
}

/// What a policy may do unasked.
func consentMembers(_ consent: Policy.Consent?) -> JSONValue {
    [
        "offline_memory": .bool(consent?.offlineMemory ?? false),
        "lose_regions": .bool(consent?.loseRegions ?? false),
    ]
}
