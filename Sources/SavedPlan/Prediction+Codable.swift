import Iomem
import Machine
package import Ownership

extension PredictedRange: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable, RangeKeys {
        case start, end, size, owners, through, rules, why, facts
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
            facts: try members.value(.facts)
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

extension Hazard: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case id, severity, subject, why
        case wayOut = "way_out"
    }

    package init(from decoder: any Swift.Decoder) throws {
        let members = try StrictMembers<CodingKeys>(decoder)
        let id: Identifier = try members.word(.id)
        let severity: Severity = try members.word(.severity)
        if severity != id.severity { throw members.misfit(.severity, "it does not fit the hazard's id") }
        self.init(
            id: id,
            subject: try members.value(.subject),
            why: try members.value(.why),
            wayOut: try members.value(.wayOut)
        )
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(id.rawValue, forKey: .id)
        try members.encode(severity.rawValue, forKey: .severity)
        try members.encode(subject, forKey: .subject)
        try members.encode(why, forKey: .why)
        try members.encode(wayOut, forKey: .wayOut)
    }
}
