import Iomem
import Machine
package import Ownership

extension Step: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable, RangeKeys {
        case verb = "do"
        case module, region, start, end, size, use, zone
    }

    package init(from decoder: any Swift.Decoder) throws {
        let members = try StrictMembers<CodingKeys>(decoder, optional: [.region])
        let state: MemoryState? = try members.word(.use)
        let zone: MemoryUse.OnlineZone? = try members.word(.zone)
        let use = state.flatMap { MemoryUse($0, zone: zone) }
        if use?.state != state || state == nil && zone != nil {
            throw members.misfit(.use, "use and zone do not match")
        }
        let module: String? = try members.value(.module)
        if let module, !Step.modules.contains(module) {
            throw members.misfit(.module, "\"\(module)\" is not a known module")
        }
        let range = try members.rangeIfAny()
        let region: String? = members.has(.region) ? try members.value(.region) : nil
        guard let step = Step(try members.word(.verb), module: module, range: range, use: use, region: region) else {
            throw members.misfit(.verb, "the other members do not match this step")
        }
        self = step
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(verb.rawValue, forKey: .verb)
        try members.encode(module, forKey: .module)
        if let region { try members.encode(region, forKey: .region) }
        try members.encode(range: range)
        try members.encode(use?.state.rawValue, forKey: .use)
        try members.encode(use?.zone?.rawValue, forKey: .zone)
    }
}
