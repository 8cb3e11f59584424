import Iomem
import Ownership

/// `diff --json`.
func diffDocument(_ diff: Diff, _ a: DiffSide, _ b: DiffSide) -> JSONValue {
    document(
        "diff",
        [
            "same": .bool(diff.isEmpty), "a": a.members, "b": b.members,
            "owner_changes": .list(
                ownerChanges(in: diff).map { change in
                    ["a": JSONValue(change.a), "b": JSONValue(change.b), "size": .number(change.size)]
                }
            ),
            "differences": .list(
                diff.differences.map { entry in
                    rangeMembers(
                        entry.range,
                        [
                            "kind": .text(entry.kind.rawValue), "id": JSONValue(entry.id),
                            "subject": .text(entry.subject),
                            "a": JSONValue(entry.a), "b": JSONValue(entry.b),
                        ]
                    )
                }
            ),
            "not_known": .list(
                diff.unknowns.map { unknown in
                    rangeMembers(
                        unknown.range,
                        [
                            "kind": .text(unknown.kind.rawValue), "id": JSONValue(unknown.id),
                            "subject": .text(unknown.subject),
                            "in_a": .bool(unknown.isInA), "in_b": .bool(unknown.isInB),
                        ]
                    )
                }
            ),
            "not_compared": JSONValue(Diff.Kind.allCases.filter(diff.notCompared.contains).map(\.rawValue)),
        ]
    )
}

/// How much memory has another owner, for each pair of owners, the largest first.
func ownerChanges(in diff: Diff) -> [(a: [String], b: [String], size: UInt64)] {
    let owners = diff.differences.filter { $0.kind == .owner }
    let groups = Dictionary(grouping: owners) { [$0.a, $0.b] }
    return groups.values.compactMap { group in
        group.first.map { ($0.a, $0.b, group.compactMap(\.range).totalSize) }
    }.sorted { ($1.2, words($0.0, $0.1)) < ($0.2, words($1.0, $1.1)) }
}

/// `cxl -> hmem`.
func words(_ a: [String], _ b: [String]) -> String {
    [a, b].map { $0.isEmpty ? "none" : $0.joined(separator: " or ") }.joined(separator: " -> ")
}
