internal import Iomem
internal import Machine

/// Reads the CXL bus of sysfs (Documentation/ABI/testing/sysfs-bus-cxl): regions, decoders, memory devices.
struct CxlReading {
    let tree: any FileTree

    private static let bus = "/sys/bus/cxl/devices"

    /// The regions in address order, those without an address last.
    func regions() throws(InspectionError) -> [Region] {
        var regions: [Region] = []
        for name in try tree.names(in: Self.bus, where: { $0.isNumbered("region") }) {
            if let region = try region(name) { regions.append(region) }
        }
        return regions.enumerated().sorted { left, right in
            switch (left.element.range, right.element.range) {
            case (let one?, let other?): one != other ? one < other : left.offset < right.offset
            case (.some, nil): true
            case (nil, .some): false
            case (nil, nil): left.offset < right.offset
            }
        }.map(\.element)
    }

    private func region(_ name: String) throws(InspectionError) -> Region? {
        guard let path = try tree.device("\(Self.bus)/\(name)") else { return nil }
        for attribute in ["resource", "size"] { _ = try tree.required("\(path)/\(attribute)") }
        let assembly = try tree.names(in: path, where: { $0.isNumbered("dax_region") }).first
        let persistent = try tree.names(in: path, where: { $0.isNumbered("pmem_region") }).first
        var targets: [String] = []
        for target in try tree.names(in: path, where: { $0.isNumbered("target") }) {
            if let decoder = try tree.value("\(path)/\(target)"), !decoder.isEmpty { targets.append(decoder) }
        }
        return Region(
            name: name,
            range: try range(path, start: "resource"),
            mode: try tree.value("\(path)/mode") ?? "none",
            committed: try tree.required("\(path)/commit") == "1",
            locked: try tree.value("\(path)/locked").map { $0 == "1" },
            assembled: assembly != nil,
            daxDriver: assembly.flatMap { tree.linkName("\(path)/\($0)/driver") },
            targets: targets,
            lacksPmemDriver: persistent.map { tree.linkName("\(path)/\($0)/driver") == nil } ?? false
        )
    }

    /// The decoders by name.
    func decoders() throws(InspectionError) -> [Decoder] {
        var decoders: [Decoder] = []
        for name in try tree.names(in: Self.bus, where: { $0.hasPrefix("decoder") }) {
            guard let path = try tree.device("\(Self.bus)/\(name)") else { continue }
            // Early recordings left out those of decoders that decode nothing.
            if tree.isLive {
                for attribute in ["devtype", "start", "size"] { _ = try tree.required("\(path)/\(attribute)") }
            }
            let kind: Decoder.Kind
            switch try tree.value("\(path)/devtype") {
            case "cxl_decoder_root": kind = .root
            case "cxl_decoder_switch": kind = .switch
            case "cxl_decoder_endpoint": kind = .endpoint
            case nil: continue
            case let other?: throw tree.damaged("\(path)/devtype", "\"\(other)\" is no kind of decoder")
            }
            decoders.append(
                Decoder(
                    name: name,
                    kind: kind,
                    range: try range(path, start: "start"),
                    locked: try tree.value("\(path)/locked") == "1",
                    region: try tree.value("\(path)/region").flatMap { $0.isEmpty ? nil : $0 }
                )
            )
        }
        return decoders
    }

    /// The memory devices by name. An endpoint port names its memory device with the link `uport`.
    func memdevs() throws(InspectionError) -> [Memdev] {
        var attached: Set<String> = []
        for endpoint in try tree.names(in: Self.bus, where: { $0.isNumbered("endpoint") }) {
            guard let path = try tree.device("\(Self.bus)/\(endpoint)") else { continue }
            if let device = tree.linkName("\(path)/uport") { attached.insert(device) }
        }
        var memdevs: [Memdev] = []
        for name in try tree.names(in: Self.bus, where: { $0.isNumbered("mem") }) {
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

    /// The bytes from two attributes; nil where there are none.
    ///
    /// A region without an address shows `resource` as all ones (`resource_show()`, drivers/cxl/core/region.c), an idle
    /// decoder shows size 0.
    private func range(_ path: String, start: String) throws(InspectionError) -> AddressRange? {
        guard let first = try tree.address("\(path)/\(start)"), first != .max,
            let size = try tree.address("\(path)/size"), size > 0
        else { return nil }
        guard let range = AddressRange(start: first, size: size) else {
            throw tree.damaged("\(path)/size", "\(hexadecimal(size)) bytes from \(hexadecimal(first)) are impossible")
        }
        return try tree.physical(range, at: "\(path)/\(start)")
    }
}
