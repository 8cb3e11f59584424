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
        bus.decoders = try decoders()
        bus.memdevs = try memdevs()
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
            isOfAccelerator: isOfAccelerator
        )
        return (region, assemblies)
    }

    private func decoders() throws(InspectionError) -> [Decoder] {
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
            decoders.append(
                Decoder(
                    name: name,
                    kind: kind,
                    range: try range(path, start: "start", isRequired: tree.isLive),
                    locked: Self.mayBeEmulated(path) ? nil : try tree.value("\(path)/locked").map { $0 == "1" },
                    region: try tree.value("\(path)/region").flatMap { $0.isEmpty ? nil : $0 }
                )
            )
        }
        return decoders
    }

    /// Whether the endpoint of a decoder is directly below the root, as that of a CXL 1.1 device is.
    ///
    /// Such a device need not have decoders. The kernel then makes one of its range registers and shows it as locked, since it
    /// can't change them (drivers/cxl/core/hdm.c: cxl_setup_hdm_decoder_from_dvsec()): that tells of no lock.
    private static func mayBeEmulated(_ path: String) -> Bool {
        let ports = path.utf8.split(separator: UInt8(ascii: "/")).suffix(3).map { String($0) ?? "" }
        return ports.count == 3 && ports[0].isNumbered("root") && ports[1].isNumbered("endpoint")
    }

    /// An endpoint port names its memory device with the link `uport`.
    private func memdevs() throws(InspectionError) -> [Memdev] {
        var attached: Set<String> = []
        for endpoint in names where endpoint.isNumbered("endpoint") {
            guard let path = try tree.device("\(Self.bus)/\(endpoint)") else { continue }
            if let device = tree.linkName("\(path)/uport") { attached.insert(device) }
        }
        var memdevs: [Memdev] = []
        for name in names where name.isNumbered("mem") {
            guard let path = try tree.device("\(Self.bus)/\(name)") else { continue }
            let isBound = tree.linkName("\(path)/driver") != nil
            memdevs.append(
                Memdev(
                    name: name,
                    hasEndpoint: isBound && attached.contains(name),
                    persistentSize: try tree.number("\(path)/pmem/size")
                )
            )
        }
        return memdevs
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
