import Iomem
import Machine
package import Ownership

extension PredictedRange: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable, RangeKeys {
        case start, end, size, owners, through, rules, why, facts
        case ownerNow = "owner_now"
    }

    package init(from decoder: any Swift.Decoder) throws {
        let members = try StrictMembers<CodingKeys>(decoder)
        let owners: [Word<Owner>] = try members.value(.owners)
        self.init(
            range: try members.range(),
            owners: Set(owners.map(\.value)),
            through: try members.value(.through),
            rules: try members.value(.rules),
            why: try members.value(.why),
            facts: try members.value(.facts),
            ownerNow: try members.word(.ownerNow) as Owner?
        )
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(range: range)
        try members.encode(owners.sorted().map(\.rawValue), forKey: .owners)
        try members.encode(through, forKey: .through)
        try members.encode(rules, forKey: .rules)
        try members.encode(why, forKey: .why)
        try members.encode(facts, forKey: .facts)
        try members.encode(ownerNow?.rawValue, forKey: .ownerNow)
    }
}

extension PredictedLine: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable, RangeKeys {
        case start, end, size, name, certain
    }

    package init(from decoder: any Swift.Decoder) throws {
        let members = try StrictMembers<CodingKeys>(decoder)
        self.init(
            range: try members.range(),
            name: try members.value(.name),
            isCertain: try members.value(.certain)
        )
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(range: range)
        try members.encode(name, forKey: .name)
        try members.encode(isCertain, forKey: .certain)
    }
}

/// A hazard with what follows from it, as documents have it.
package struct HazardGroup: Codable {
    /// The cause.
    package let cause: Hazard
    /// What follows from it.
    package let consequences: [Hazard]

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case id, severity, subject, why, consequences
        case fix = "way_out"
    }

    package init(from decoder: any Swift.Decoder) throws {
        let members = try StrictMembers<CodingKeys>(decoder)
        let cause = try Hazard(members, .id, .severity, .subject, .why, .fix)
        self.cause = cause
        let consequences: [Hazard] = try members.value(.consequences)
        self.consequences = consequences.map {
            var hazard = $0
            hazard.cause = cause.name
            return hazard
        }
    }

    init(cause: Hazard, consequences: [Hazard]) {
        self.cause = cause
        self.consequences = consequences
    }

    package func encode(to encoder: any Encoder) throws {
        try cause.encode(to: encoder)
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(consequences, forKey: .consequences)
    }
}

extension Hazard: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case id, severity, subject, why
        case fix = "way_out"
    }

    package init(from decoder: any Swift.Decoder) throws {
        try self.init(StrictMembers<CodingKeys>(decoder), .id, .severity, .subject, .why, .fix)
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(id.rawValue, forKey: .id)
        try members.encode(severity.rawValue, forKey: .severity)
        try members.encode(subject, forKey: .subject)
        try members.encode(why, forKey: .why)
        try members.encode(fix, forKey: .fix)
    }
}

extension Hazard {
    fileprivate init<Key>(
        _ members: StrictMembers<Key>,
        _ id: Key,
        _ severity: Key,
        _ subject: Key,
        _ why: Key,
        _ fix: Key
    ) throws {
        let identifier: Identifier = try members.word(id)
        let word: Severity = try members.word(severity)
        if word != identifier.severity { throw members.misfit(severity, "it does not match the id of the hazard") }
        self.init(
            id: identifier,
            subject: try members.value(subject),
            why: try members.value(why),
            fix: try members.value(fix)
        )
    }
}

extension [Hazard] {
    /// The hazards as documents have them: the causes, each with what follows from it.
    package var groups: [HazardGroup] { grouped.map { HazardGroup(cause: $0.cause, consequences: $0.consequences) } }

    /// The hazards of a document.
    init(_ groups: [HazardGroup]) { self = groups.flatMap { [$0.cause] + $0.consequences } }
}
