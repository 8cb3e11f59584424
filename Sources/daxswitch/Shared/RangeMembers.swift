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
