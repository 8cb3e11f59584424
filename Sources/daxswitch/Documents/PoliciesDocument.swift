import Machine
import Ownership
import Policy

/// `policies --json`.
func policiesDocument(_ entries: [PolicyLibrary.Entry]) -> JSONValue {
    document(
        "policies",
        [
            "policies": .list(
                entries.map { entry in
                    [
                        "name": .text(entry.policy.name), "source": .text(entry.source),
                        "summary": .text(entry.policy.summary),
                        "order": JSONValue(entry.policy.order.map(\.description)),
                        "want": wantMembers(entry.policy.want), "consent": consentMembers(entry.policy.consent),
                    ]
                }
            )
        ]
    )
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
