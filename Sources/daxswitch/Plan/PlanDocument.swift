import Iomem
import Machine
import Ownership

/// `plan --json` and `predict --json`, and what `--out` writes.
///
/// - Parameters:
///   - request: The order that was asked for, before needless steps were dropped.
///   - policy: The policy that asked for it; nil for a `predict`.
func planDocument(
    _ plan: Plan,
    of request: [Step],
    policy: Policy?,
    overrides: Overrides,
    machine: MachineState
) -> JSONValue {
    let prediction = plan.prediction
    return document(
        policy == nil ? "predict" : "plan",
        [
            "policy": JSONValue(policy?.name),
            "request": requestMembers(request, policy, overrides),
            "steps": stepMembers(plan.steps),
            "certain": .bool(prediction.isCertain),
            "missing_facts": JSONValue(prediction.missingFacts),
            "ranges": .list(prediction.ranges.map(predictedMembers)),
            "modules": .object(prediction.modules.mapValues { JSONValue($0.map(\.rawValue).sorted()) }),
            "iomem": .list(
                prediction.iomem.map {
                    rangeMembers($0.range, ["name": .text($0.name), "certain": .bool($0.isCertain)])
                }
            ),
            "hazards": hazardMembers(prediction.hazards),
            "fingerprint": fingerprintMembers(Fingerprint(of: machine)),
        ]
    )
}

/// What was asked for: enough to plan once more from the document alone.
private func requestMembers(_ order: [Step], _ policy: Policy?, _ overrides: Overrides) -> JSONValue {
    [
        "summary": JSONValue(policy?.summary), "order": JSONValue(order.map(\.description)),
        "want": wantMembers(policy?.want), "consent": consentMembers(policy?.consent),
        "rules": JSONValue(overrides.generation?.rawValue),
        "initial_probe": JSONValue(overrides.initialProbe?.rawValue),
    ]
}

private func fingerprintMembers(_ fingerprint: Fingerprint) -> JSONValue {
    [
        "host": ["id": JSONValue(fingerprint.host.id), "name": JSONValue(fingerprint.host.name)],
        "boot_id": JSONValue(fingerprint.bootID), "kernel_release": .text(fingerprint.kernelRelease),
        "digests": .object(fingerprint.digests.mapValues(JSONValue.text)),
        "facts": .object(fingerprint.facts.mapValues { .object($0.mapValues(JSONValue.text)) }),
    ]
}
