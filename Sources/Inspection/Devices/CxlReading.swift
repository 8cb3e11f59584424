internal import Iomem
internal import Machine

/// What the CXL bus of sysfs has.
struct CxlBus {
    /// The regions in address order, those without an address last.
    var regions: [Region] = []
    /// The decoders by name.
    var decoders: [Decoder] = []
    /// The memory devices by name.
    var memdevs: [Memdev] = []
    /// The names of the dax regions below each region.
    var daxRegions: [String: [String]] = [:]
}

/// Reads the CXL bus of sysfs (Documentation/ABI/testing/sysfs-bus-cxl): regions, decoders, memory devices.
struct CxlReading {
    let tree: any FileTree
    /// The names on the bus, in the order in which people number things.
    let names: [String]

    private static let bus = "/sys/bus/cxl/devices"

    func read() throws(InspectionError) -> CxlBus {
        var bus = CxlBus()
        for name in names where name.isNumbered("region") {
            guard let (region, daxRegions) = try region(name) else { continue }
            bus.regions.append(region)
            bus.daxRegions[name] = daxRegions
        }
        bus.regions = Self.ordered(bus.regions)
        let endpoints = try endpoints()
        bus.decoders = try decoders(of: endpoints)
        bus.memdevs = try memdevs(attached: Set(endpoints.values))
        return bus
    }

    private static func ordered(_ regions: [Region]) -> [Region] {
        regions.enumerated().sorted { left, right in
            switch (left.element.range, right.element.range) {
            case (let one?, let other?): one != other ? one < other : left.offset < right.offset
            case (.some, nil): true
            case (nil, .some): false
            case (nil, nil): left.offset < right.offset
            }
        }.map(\.element)
    }

    private func region(_ name: String) throws(InspectionError) -> (Region, daxRegions: [String])? {
        guard let path = try tree.device("\(Self.bus)/\(name)") else { return nil }
        let range = try range(path, start: "resource", isRequired: true)
        let below = try tree.names(in: path) { _ in true }
        let assemblies = below.filter { $0.isNumbered("dax_region") }
        let persistent = below.first { $0.isNumbered("pmem_region") }
        var targets: [String] = []
        for target in below where target.isNumbered("target") {
            if let decoder = try tree.value("\(path)/\(target)"), !decoder.isEmpty { targets.append(decoder) }
        }
        var isOfAccelerator = false
        for decoder in targets where try tree.value("\(Self.bus)/\(decoder)/target_type") == "accelerator" {
            isOfAccelerator = true
        }
        let region = Region(
            name: name,
            range: range,
            mode: try tree.value("\(path)/mode") ?? "none",
            committed: try tree.required("\(path)/commit") == "1",
            locked: try tree.value("\(path)/locked").map { $0 == "1" },
            assembled: !assemblies.isEmpty,
            daxDriver: assemblies.first.flatMap { tree.linkName("\(path)/\($0)/driver") },
            targets: targets,
            lacksPmemDriver: persistent.map { tree.linkName("\(path)/\($0)/driver") == nil } ?? false,
            isOfAccelerator: isOfAccelerator,
            granularity: try tree.number("\(path)/interleave_granularity"),
            uuid: persistent == nil ? nil : try tree.value("\(path)/uuid").flatMap { $0.isEmpty ? nil : $0 }
        )
        return (region, assemblies)
    }

    /// - Parameter endpoints: The memory device of each endpoint port.
    private func decoders(of endpoints: [String: String]) throws(InspectionError) -> [Decoder] {
        var decoders: [Decoder] = []
        for name in names where name.hasPrefix("decoder") {
            guard let path = try tree.device("\(Self.bus)/\(name)") else { continue }
            // Early recordings left out what decoders that decode nothing have.
            let type = tree.isLive ? try tree.required("\(path)/devtype") : try tree.value("\(path)/devtype")
            let kind: Decoder.Kind
            switch type {
            case "cxl_decoder_root": kind = .root
            case "cxl_decoder_switch": kind = .switch
            case "cxl_decoder_endpoint": kind = .endpoint
            case nil: continue
            case let other?: throw tree.damaged("\(path)/devtype", "\"\(other)\" is not a kind of decoder")
            }
            // The decoder, the port that has it, and the port above that one.
            let ports = path.utf8.split(separator: UInt8(ascii: "/")).suffix(3).map { String($0) ?? "" }
            let isBelowRoot = ports.count == 3 && ports[0].isNumbered("root") && ports[1].isNumbered("endpoint")
            let range = try range(path, start: "start", isRequired: tree.isLive)
            decoders.append(
                Decoder(
                    name: name,
                    kind: kind,
                    range: range,
                    locked: isBelowRoot ? nil : try tree.value("\(path)/locked").map { $0 == "1" },
                    region: try tree.value("\(path)/region").flatMap { $0.isEmpty ? nil : $0 },
                    memdev: kind == .endpoint && ports.count == 3 ? endpoints[ports[1]] : nil,
                    dpa: kind == .endpoint ? try deviceBytes(path) : nil,
                    isBelowRoot: isBelowRoot,
                    interleave: kind == .root ? try interleave(path) : nil
                )
            )
        }
        return decoders
    }

    /// The bytes that an endpoint's decoder has of its memory device; nil if it has none or if the material does not tell.
    private func deviceBytes(_ path: String) throws(InspectionError) -> AddressRange? {
        guard let start = try tree.number("\(path)/dpa_resource"), let size = try tree.number("\(path)/dpa_size"),
            size > 0
        else { return nil }
        return AddressRange(start: start, size: size)
    }

    private func interleave(_ path: String) throws(InspectionError) -> Decoder.Interleave? {
        guard let ways = try tree.number("\(path)/interleave_ways"),
            let granularity = try tree.number("\(path)/interleave_granularity")
        else { return nil }
        return Decoder.Interleave(ways: ways, granularity: granularity)
    }

    /// The memory device of each endpoint port, which names it with the link `uport`.
    private func endpoints() throws(InspectionError) -> [String: String] {
        var devices: [String: String] = [:]
        for endpoint in names where endpoint.isNumbered("endpoint") {
            guard let path = try tree.device("\(Self.bus)/\(endpoint)") else { continue }
            if let device = tree.linkName("\(path)/uport") { devices[endpoint] = device }
        }
        return devices
    }

    private func memdevs(attached: Set<String>) throws(InspectionError) -> [Memdev] {
        var memdevs: [Memdev] = []
        for name in names where name.isNumbered("mem") {
            guard let path = try tree.device("\(Self.bus)/\(name)") else { continue }
            let isBound = tree.linkName("\(path)/driver") != nil
            memdevs.append(
                Memdev(
                    name: name,
                    hasEndpoint: isBound && attached.contains(name),
                    persistentSize: try tree.number("\(path)/pmem/size"),
                    identity: try tree.value("\(path)/serial").flatMap { serial in
                        Self.place(of: path).map { MemdevIdentity(serial: serial, path: $0) }
                    }
                )
            )
        }
        return memdevs
    }

    /// The function that the memory device at `path` is of, below `/sys/devices`; nil if it is elsewhere.
    private static func place(of path: String) -> String? {
        let parts = path.utf8.split(separator: UInt8(ascii: "/")).map { String($0) ?? "" }
        guard parts.count > 3, parts[0] == "sys", parts[1] == "devices" else { return nil }
        return parts[2..<(parts.count - 1)].joined(separator: "/")
    }

    /// The bytes from two attributes; nil if they are missing.
    ///
    /// A region without an address shows `resource` as all ones (`resource_show()`, drivers/cxl/core/region.c), an idle
    /// decoder shows size 0.
    private func range(
        _ path: String,
        start: String,
        isRequired: Bool
    ) throws(InspectionError) -> AddressRange? {
        let first = isRequired ? try tree.requiredAddress("\(path)/\(start)") : try tree.address("\(path)/\(start)")
        let size = isRequired ? try tree.requiredAddress("\(path)/size") : try tree.address("\(path)/size")
        guard let first, first != .max, let size, size > 0 else { return nil }
        guard let range = AddressRange(start: first, size: size) else {
            throw tree.damaged("\(path)/size", "\(hexadecimal(size)) bytes from \(hexadecimal(first)) are impossible")
        }
        return try tree.physical(range, at: "\(path)/\(start)")
    }
}
