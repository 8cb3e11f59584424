import Glibc
import Iomem
import Machine
import Reload

/// What a kernel does when a region is made through sysfs (drivers/cxl/core/region.c, hdm.c), with the errnos that were seen on
/// 7.3.4 and 6.12.117.
struct RegionsOfRecording {
    /// What is begun of a region.
    struct Begun {
        var granularity: UInt64 = 0
        var ways = 0
        var range: AddressRange?
        var targets: [Int: String] = [:]
    }
    private(set) var begun: [String: Begun] = [:]
    /// The bytes of memory devices that decoders have, by decoder.
    private(set) var dpa: [String: AddressRange] = [:]
    private var modes: Set<String> = []
    private var found: [RememberedRegion] = []
    /// Where the kernel places the next region; nil: where the last one with these bytes was.
    var place: UInt64?

    func value(of attribute: MemoryAttribute, on machine: MachineState) -> String? {
        switch attribute {
        case .createRegion:
            (0...).lazy.map { "region\($0)" }.first { name in !machine.regions.contains { $0.name == name } }
        case .region(let name, .resource):
            begun[name].map { $0.range.map { hexadecimal($0.start) } ?? "0xffffffffffffffff" }
        case .region(let name, .commit):
            machine.regions.first { $0.name == name }.map { $0.committed ? "1" : "0" }
        case .endpointDecoder(let name, .dpaResource): dpa[name].map { hexadecimal($0.start) } ?? "0xffffffffffffffff"
        case .endpointDecoder(let name, .dpaSize): dpa[name].map { hexadecimal($0.size) } ?? "0x0"
        default: nil
        }
    }

    /// Whether it is one of these attributes.
    static func takes(_ attribute: MemoryAttribute) -> Bool {
        switch attribute {
        case .createRegion, .deleteRegion, .region, .endpointDecoder: true
        default: false
        }
    }

    mutating func write(
        _ value: String,
        to attribute: MemoryAttribute,
        _ machine: inout MachineState
    ) throws(WriteRefusal) {
        switch attribute {
        case .createRegion:
            guard self.value(of: attribute, on: machine) == value else { throw WriteRefusal(EBUSY) }
            begun[value] = Begun()
            machine.regions.append(
                Region(
                    name: value,
                    range: nil,
                    mode: "ram",
                    committed: false,
                    locked: false,
                    assembled: false,
                    daxDriver: nil,
                    targets: []
                )
            )
        case .deleteRegion:
            guard machine.regions.contains(where: { $0.name == value }) else { throw WriteRefusal(ENODEV) }
            let ranges = machine.regions.filter { $0.name == value }.map(\.range)
            machine.lostRegions += found.filter { ranges.contains($0.range) }
            machine.regions.removeAll { $0.name == value }
            machine.daxDevices.removeAll { $0.through == value }
            for place in machine.decoders.indices where machine.decoders[place].region == value {
                (machine.decoders[place].region, machine.decoders[place].range) = (nil, nil)
            }
            begun[value] = nil
        case .region(let name, let part):
            guard var region = begun[name] else { throw WriteRefusal(ENOENT) }
            try change(&region, name, part, value, machine)
            begun[name] = region
            show(region, name, isCommitted: part == .commit, on: &machine)
        case .endpointDecoder(let name, let part):
            guard let decoder = machine.decoders.first(where: { $0.name == name }) else { throw WriteRefusal(ENOENT) }
            if decoder.region != nil { throw WriteRefusal(EBUSY) }
            if part == .mode {
                modes.insert(name)
            } else {
                try allocate(value, decoder, machine)
                for place in machine.decoders.indices where machine.decoders[place].name == name {
                    machine.decoders[place].dpa = dpa[name]
                }
            }
        default: throw WriteRefusal(ENOENT)
        }
    }

    private mutating func allocate(_ value: String, _ decoder: Decoder, _ machine: MachineState) throws(WriteRefusal) {
        guard let size = parseNumber(value) else { throw WriteRefusal(EINVAL) }
        // cxl_dpa_free() takes bytes from the highest decoder of a port alone.
        let behind = machine.decoders.filter {
            $0.memdev == decoder.memdev && ($0.number ?? 0) > (decoder.number ?? 0)
        }
        if dpa[decoder.name] != nil, behind.contains(where: { (dpa[$0.name] ?? $0.dpa) != nil }) {
            throw WriteRefusal(EBUSY)
        }
        dpa[decoder.name] = nil
        if size == 0 { return }
        guard modes.contains(decoder.name) else { throw WriteRefusal(EBUSY) }
        guard size % (256 << 20) == 0 else { throw WriteRefusal(EINVAL) }
        let others = machine.decoders.filter { $0.memdev == decoder.memdev && $0.name != decoder.name }
        let used = others.compactMap { dpa[$0.name] ?? $0.dpa }.map(\.end).max().map { $0 + 1 } ?? 0
        dpa[decoder.name] = AddressRange(start: used, size: size)
    }

    private func change(
        _ region: inout Begun,
        _ name: String,
        _ part: MemoryAttribute.OfRegion,
        _ value: String,
        _ machine: MachineState
    ) throws(WriteRefusal) {
        switch part {
        case .granularity: region.granularity = parseNumber(value) ?? 0
        case .ways: region.ways = Int(value) ?? 0
        case .size:
            guard region.granularity > 0, region.ways > 0 else { throw WriteRefusal(ENXIO) }
            guard let size = parseNumber(value), let window = machine.windows.first else { throw WriteRefusal(EINVAL) }
            let taken = machine.regions.filter { $0.name != name }.compactMap(\.range)
            let first = stride(from: place ?? window.range.start, through: window.range.end, by: 256 << 20).lazy
                .compactMap { AddressRange(start: $0, size: size) }
                .first { place in !taken.contains { $0.overlaps(place) } }
            guard let first else { throw WriteRefusal(ERANGE) }
            region.range = first
        case .resource: throw WriteRefusal(EACCES)
        case .target(let position):
            guard position < region.ways else { throw WriteRefusal(ENOENT) }
            guard let range = region.range, let bytes = dpa[value] else { throw WriteRefusal(ENXIO) }
            guard bytes.size * UInt64(region.ways) == range.size else { throw WriteRefusal(EINVAL) }
            region.targets[position] = value
        case .commit: if region.targets.count != region.ways { throw WriteRefusal(ENXIO) }
        }
    }

    private mutating func show(_ region: Begun, _ name: String, isCommitted: Bool, on machine: inout MachineState) {
        guard let index = machine.regions.firstIndex(where: { $0.name == name }) else { return }
        machine.regions[index].range = region.range
        machine.regions[index].granularity = region.granularity
        machine.regions[index].targets = (0..<region.ways).compactMap { region.targets[$0] }
        machine.regions[index].committed = isCommitted
        if isCommitted {
            found += machine.lostRegions.filter { $0.range == region.range }
            machine.lostRegions.removeAll { $0.range == region.range }
        }
        for place in machine.decoders.indices where region.targets.values.contains(machine.decoders[place].name) {
            machine.decoders[place].region = name
            machine.decoders[place].range = region.range
            machine.decoders[place].dpa = dpa[machine.decoders[place].name]
        }
    }
}
