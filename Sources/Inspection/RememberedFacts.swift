internal import FoundationEssentials
internal import Iomem
public import Machine

/// What daxswitch saw in this boot before it took `cxl_acpi` away, and can't see any more.
///
/// Kept in `/run/daxswitch/regions.json`, which dies with the boot; the boot id guards against a copy that outlived it.
public struct RememberedFacts: Sendable, Equatable {
    /// Where the facts are kept, inside the root.
    public static let path = "/run/daxswitch/regions.json"

    /// `/proc/sys/kernel/random/boot_id` of the boot in which they were true.
    public var bootID: String
    /// The state of the initial probe when the facts were written; nil where it was not known.
    public var initialProbe: InitialProbe?
    /// The committed regions with their bytes.
    public var regions: [RememberedRegion]

    /// Facts of one boot.
    public init(bootID: String, initialProbe: InitialProbe?, regions: [RememberedRegion]) {
        self.bootID = bootID
        self.initialProbe = initialProbe
        self.regions = regions
    }

    /// The facts in a JSON document; nil where it is no such document.
    public init?(parsing document: [UInt8]) {
        let decoded: Document
        do {
            decoded = try JSONDecoder().decode(Document.self, from: Data(document))
        } catch {
            return nil
        }
        var regions: [RememberedRegion] = []
        for region in decoded.regions {
            guard let start = parseNumber(region.start), let end = parseNumber(region.end),
                let range = AddressRange(start: start, end: end)
            else { return nil }
            regions.append(RememberedRegion(range: range, locked: region.locked))
        }
        var probe: InitialProbe?
        if let word = decoded.initialProbe {
            guard let state = InitialProbe(rawValue: word) else { return nil }
            probe = state == .unknown ? nil : state
        }
        self.init(bootID: decoded.bootID, initialProbe: probe, regions: regions)
    }

    /// The JSON document, with sorted keys and a line end.
    public func serialized() -> [UInt8] {
        let regions = regions.map {
            "{\"end\":\"\(hexadecimal($0.range.end))\",\"locked\":\($0.locked),\"start\":\"\(hexadecimal($0.range.start))\"}"
        }
        let probe = initialProbe.map { "\"\($0.rawValue)\"" } ?? "null"
        // A boot id is a UUID; anything that would need escaping in JSON is not one.
        let id = bootID.filter { $0.isHexDigit || $0 == "-" }
        let text =
            "{\"boot_id\":\"\(id)\",\"initial_probe\":\(probe),\"regions\":[\(regions.joined(separator: ","))]}\n"
        return Array(text.utf8)
    }

    /// The facts of this boot; nil where there are none, or only those of another boot.
    /// - Throws: where the file can't be read or understood: guessing would forget a region that must not be lost.
    public static func read(
        from tree: any FileTree,
        bootID: String?
    ) throws(InspectionError) -> RememberedFacts? {
        guard let bytes = try tree.read(path) else { return nil }
        guard let facts = RememberedFacts(parsing: bytes) else {
            throw tree.damaged(path, "these are no facts that daxswitch wrote; remove the file if it is not needed")
        }
        for region in facts.regions { _ = try tree.physical(region.range, at: path) }
        return facts.bootID == bootID ? facts : nil
    }

    private struct Document: Decodable {
        let bootID: String
        let initialProbe: String?
        let regions: [Region]

        enum CodingKeys: String, CodingKey {
            case bootID = "boot_id"
            case initialProbe = "initial_probe"
            case regions
        }

        struct Region: Decodable {
            let start: String
            let end: String
            let locked: Bool
        }
    }
}
