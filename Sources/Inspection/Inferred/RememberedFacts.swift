internal import FoundationEssentials
package import Iomem
internal import LinuxSystem
package import Machine

/// What daxswitch saw in this boot before it took modules away, and can no longer see.
///
/// Kept in `/run/daxswitch/regions.json`, which dies with the boot; the boot id guards against a copy that outlived it.
package struct RememberedFacts: Sendable, Equatable {
    /// Where the facts are kept, inside the root.
    package static let path = "/run/daxswitch/regions.json"

    /// `/proc/sys/kernel/random/boot_id` of the boot in which they were true.
    package var bootID: String
    /// The state of the initial probe when the facts were written; nil where it was not known.
    package var initialProbe: InitialProbe?
    /// How often the machine had slept in this boot when they were written.
    package var sleeps: Int
    /// The decoders; nil where they have not been seen.
    package var decoders: RememberedDecoders?
    /// The devices that dax_hmem was unbound from, with the bytes that they have: `hmem.0`.
    package var unboundHmem: [String: AddressRange] = [:]
    /// The region that a step has begun to make and not finished; nil outside of such a step.
    package var unfinishedRegion: UnfinishedRegion?
    /// The committed regions of persistent memory that are not locked.
    package var pmem: [PmemRegion] = []

    /// Facts of one boot.
    package init(
        bootID: String,
        sleeps: Int = 0,
        initialProbe: InitialProbe?,
        decoders: RememberedDecoders?,
        unboundHmem: [String: AddressRange] = [:],
        unfinishedRegion: UnfinishedRegion? = nil,
        pmem: [PmemRegion] = []
    ) {
        self.pmem = pmem
        self.unboundHmem = unboundHmem
        self.unfinishedRegion = unfinishedRegion
        self.bootID = bootID
        self.sleeps = sleeps
        self.initialProbe = initialProbe
        self.decoders = decoders
    }

    /// The facts in a JSON document; nil where it is no such document.
    package init?(parsing document: [UInt8]) {
        let decoded: Document
        do {
            decoded = try Document(json: document)
        } catch {
            return nil
        }
        var decoders: RememberedDecoders?
        if let seen = decoded.decoders {
            var regions: [RememberedRegion] = []
            for region in seen.regions {
                guard let range = region.range else { return nil }
                var layout: RegionLayout?
                if let seen = region.layout {
                    guard let read = seen.layout, read.range == range else { return nil }
                    layout = read
                }
                regions.append(RememberedRegion(range: range, locked: region.locked, layout: layout))
            }
            let ranges = seen.decoded.compactMap(\.range)
            guard ranges.count == seen.decoded.count else { return nil }
            decoders = RememberedDecoders(regions: regions, decoded: ranges, isComplete: seen.complete)
        }
        var probe: InitialProbe?
        if let word = decoded.initialProbe {
            guard let state = InitialProbe(rawValue: word) else { return nil }
            probe = state == .unknown ? nil : state
        }
        var unbound: [String: AddressRange] = [:]
        for (name, bytes) in decoded.unboundHmem ?? [:] {
            guard let range = bytes.range, name.isNumbered("hmem.") else { return nil }
            unbound[name] = range
        }
        var pmem: [PmemRegion] = []
        for region in decoded.pmem ?? [] {
            guard let layout = region.layout.layout else { return nil }
            pmem.append(PmemRegion(layout: layout, volumes: region.namespaces?.map(\.volume)))
        }
        var unfinished: UnfinishedRegion?
        if let name = decoded.unfinishedRegion {
            guard Region.isName(name, digitsAtMost: 9), let noted = decoded.unfinishedParts else { return nil }
            let parts = noted.compactMap(\.part)
            guard parts.count == noted.count else { return nil }
            unfinished = UnfinishedRegion(name: name, parts: parts)
        }
        // A daxswitch before 0.2.0 did not count, and unbound nothing.
        self.init(
            bootID: decoded.bootID,
            sleeps: decoded.sleeps ?? 0,
            initialProbe: probe,
            decoders: decoders,
            unboundHmem: unbound,
            unfinishedRegion: unfinished,
            pmem: pmem
        )
    }

    /// The JSON document, with sorted keys and a line end.
    package func serialized() -> [UInt8] {
        let decoders = decoders.map { decoders in
            let regions = decoders.regions.map { region in
                let layout = region.layout.map { ",\"layout\":\(Self.text($0))" } ?? ""
                return "{\"end\":\"\(hexadecimal(region.range.end))\"\(layout),\"locked\":\(region.locked),"
                    + "\"start\":\"\(hexadecimal(region.range.start))\"}"
            }
            let decoded = decoders.decoded.map(Self.text)
            return "{\"complete\":\(decoders.isComplete),\"decoded\":[\(decoded.joined(separator: ","))],"
                + "\"regions\":[\(regions.joined(separator: ","))]}"
        }
        let probe = initialProbe.map { "\"\($0.rawValue)\"" } ?? "null"
        // A boot id is a UUID; anything that would need escaping in JSON is not one.
        let id = bootID.filter { $0.isHexDigit || $0 == "-" }
        let unbound = unboundHmem.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\(Self.text($0.value))" }
        let text =
            "{\"boot_id\":\"\(id)\",\"decoders\":\(decoders ?? "null"),\"initial_probe\":\(probe),"
            + (pmem.isEmpty ? "" : "\"pmem\":[\(pmem.map(Self.text).joined(separator: ","))],")
            + "\"sleeps\":\(sleeps),\"unbound_hmem\":{\(unbound.joined(separator: ","))}"
            + (unfinishedRegion.map(Self.text) ?? "") + "}\n"
        return Array(text.utf8)
    }

    private static func text(_ unfinished: UnfinishedRegion) -> String {
        let parts = json(unfinished.parts.map(Document.Part.init))
        return ",\"unfinished_parts\":\(parts),\"unfinished_region\":\(json(unfinished.name))"
    }

    private static func text(_ range: AddressRange) -> String {
        "{\"end\":\"\(hexadecimal(range.end))\",\"start\":\"\(hexadecimal(range.start))\"}"
    }

    private static func text(_ layout: RegionLayout) -> String { json(RegionRecord(layout)) }

    private static func text(_ region: PmemRegion) -> String { json(Document.Pmem(region)) }

    private static func json(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Text and numbers alone: there is nothing that can't be encoded.
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
    }

    /// The facts of this boot; nil if there are only those of another boot, or no facts.
    /// - Throws: where the file can't be read or understood: guessing would forget a region that must not be lost.
    package static func read(
        from tree: any FileTree,
        bootID: String?
    ) throws(InspectionError) -> RememberedFacts? {
        guard let bytes = try tree.read(path) else { return nil }
        guard let facts = RememberedFacts(parsing: bytes) else {
            throw tree.damaged(path, "not a facts file written by daxswitch. Remove it if it is not needed")
        }
        let decoded = facts.decoders.map { $0.regions.map(\.range) + $0.decoded } ?? []
        for range in decoded + facts.pmem.map(\.layout.range)
            + facts.unboundHmem.sorted(by: { $0.key < $1.key }).map(\.value)
        {
            _ = try tree.physical(range, at: path)
        }
        return facts.bootID == bootID ? facts : nil
    }

    private struct Document: Decodable {
        let bootID: String
        let sleeps: Int?
        let initialProbe: String?
        let decoders: Decoders?
        let unboundHmem: [String: Bytes]?
        let unfinishedRegion: String?
        let unfinishedParts: [Part]?
        let pmem: [Pmem]?

        enum CodingKeys: String, CodingKey {
            case bootID = "boot_id"
            case sleeps
            case initialProbe = "initial_probe"
            case decoders
            case unboundHmem = "unbound_hmem"
            case unfinishedRegion = "unfinished_region"
            case unfinishedParts = "unfinished_parts"
            case pmem
        }

        struct Part: Codable {
            let serial: String
            let path: String
            let decoder: Int
            let size: String

            init(_ part: UnfinishedRegion.Part) {
                (serial, path, decoder) = (part.device.serial, part.device.path, part.decoder)
                size = hexadecimal(part.size)
            }

            /// Nil if it makes no sense.
            var part: UnfinishedRegion.Part? {
                guard parseNumber(serial) != nil, decoder >= 0, let size = parseNumber(size) else { return nil }
                let device = MemdevIdentity(serial: serial, path: path)
                return UnfinishedRegion.Part(device: device, decoder: decoder, size: size)
            }
        }

        struct Pmem: Codable {
            let layout: RegionRecord
            let namespaces: [Namespace]?

            init(_ region: PmemRegion) {
                layout = RegionRecord(region.layout)
                namespaces = region.volumes?.map { Namespace(mode: $0.mode, size: $0.size) }
            }
        }

        struct Namespace: Codable {
            let mode: String
            let size: UInt64
            var volume: PmemVolume { PmemVolume(mode: mode, size: size) }
        }

        struct Decoders: Decodable {
            let complete: Bool
            let regions: [Region]
            let decoded: [Bytes]
        }

        struct Region: Decodable {
            let start: String
            let end: String
            let locked: Bool
            let layout: RegionRecord?
            var range: AddressRange? { Bytes(start: start, end: end).range }
        }

        struct Bytes: Decodable {
            let start: String
            let end: String
            var range: AddressRange? {
                guard let start = parseNumber(start), let end = parseNumber(end) else { return nil }
                return AddressRange(start: start, end: end)
            }
        }
    }
}
