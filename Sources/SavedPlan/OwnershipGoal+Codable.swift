import Iomem
import Machine
package import Ownership

/// A goal is written in the journal, and in no document that a person gets.
extension OwnershipGoal: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case ranges, modules, held, uses, regions
    }

    package init(from decoder: any Swift.Decoder) throws {
        // Journals of versions before 0.2.0 say nothing about regions.
        let members = try StrictMembers<CodingKeys>(decoder, optional: [.regions])
        let regions: [Bytes]? = members.has(.regions) ? try members.value(.regions) : nil
        let modules: [String: [Word<ModuleStanding>]] = try members.value(.modules)
        self.init(
            ranges: try members.value(.ranges),
            modules: modules.mapValues { Set($0.map(\.value)) },
            isHeld: try members.value(.held),
            uses: try members.value(.uses),
            regions: regions?.map(\.range)
        )
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(ranges, forKey: .ranges)
        try members.encode(modules.mapValues(\.words), forKey: .modules)
        try members.encode(isHeld, forKey: .held)
        try members.encode(uses, forKey: .uses)
        if let regions { try members.encode(regions.map(Bytes.init), forKey: .regions) }
    }

    /// The bytes of a region.
    private struct Bytes: Codable {
        let range: AddressRange

        private enum CodingKeys: String, CodingKey, CaseIterable, RangeKeys {
            case start, end, size
        }

        init(_ range: AddressRange) { self.range = range }

        init(from decoder: any Swift.Decoder) throws { range = try StrictMembers<CodingKeys>(decoder).range() }

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encode(range: range)
        }
    }
}

extension OwnershipGoal.PossibleOwners: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable, RangeKeys {
        case start, end, size, owners
    }

    package init(from decoder: any Swift.Decoder) throws {
        let members = try StrictMembers<CodingKeys>(decoder)
        let owners: [Word<Owner>] = try members.value(.owners)
        self.init(range: try members.range(), owners: Set(owners.map(\.value)))
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(range: range)
        try members.encode(owners.words, forKey: .owners)
    }
}
