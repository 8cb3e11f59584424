import Iomem
import Machine
import Ownership

/// `start`, `end` and `size` of a range, with further members; null where there is no range.
func rangeMembers(_ range: AddressRange?, _ more: [String: JSONValue] = [:]) -> JSONValue {
    .object(
        more.merging([
            "start": JSONValue(range.map { hexadecimal($0.start) }),
            "end": JSONValue(range.map { hexadecimal($0.end) }),
            "size": JSONValue(range.map(\.size)),
        ]) { _, fixed in fixed }
    )
}

/// The steps of a plan.
func stepMembers(_ steps: [Step]) -> JSONValue {
    .list(
        steps.map { step in
            rangeMembers(
                step.range,
                [
                    "do": .text(step.verb), "module": JSONValue(step.module), "use": JSONValue(step.use?.word),
                    "zone": JSONValue(step.use?.zone?.rawValue),
                ]
            )
        }
    )
}

/// Hazards.
func hazardMembers(_ hazards: [Hazard]) -> JSONValue {
    .list(
        hazards.map { hazard in
            [
                "id": .text(hazard.id.rawValue), "severity": .text(hazard.severity.rawValue),
                "subject": .text(hazard.subject), "why": .text(hazard.why), "way_out": .text(hazard.wayOut),
            ]
        }
    )
}

/// Differences between what was expected and what is there.
func differenceMembers(_ differences: [Difference]) -> JSONValue {
    .list(
        differences.map { difference in
            [
                "start": JSONValue(difference.range.map { hexadecimal($0.start) }),
                "end": JSONValue(difference.range.map { hexadecimal($0.end) }),
                "expected": JSONValue(difference.expected), "found": .text(difference.found),
                "kind": .text(difference.kind.rawValue), "what": .text(difference.what),
            ]
        }
    )
}

/// A segment with its possible owners.
func predictedMembers(_ range: PredictedRange) -> JSONValue {
    rangeMembers(
        range.range,
        [
            "owners": JSONValue(range.owners.sorted().map(\.rawValue)), "through": JSONValue(range.through),
            "rules": JSONValue(range.rules), "why": .text(range.why), "facts": JSONValue(range.facts),
        ]
    )
}
