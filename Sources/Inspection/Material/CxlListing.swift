internal import Iomem

/// What `cxl list -vvv` printed, as the CXL bus of sysfs that it was read from.
struct CxlListing {
    /// A decoder with what it hangs below.
    private struct ListedDecoder {
        var name: String
        var kind: String
        var members: Listing
    }

    private var decoders: [ListedDecoder] = []
    private var regions: [(name: String, root: String, members: Listing)] = []
    private var memdevs: [String: Listing] = [:]
    /// The memory device of each endpoint.
    private var endpoints: [String: String] = [:]

    /// Nil if the text is not a listing of a bus with its ports: a plain `cxl list` has no decoders.
    init?(_ text: [UInt8]) {
        guard let listing = Listing.parse(text) else { return nil }
        for element in listing.elements { walk(element, below: "") }
        // The listing of a host without CXL is empty.
        guard !decoders.isEmpty || listing.elements.isEmpty else { return nil }
    }

    private static func targets(of region: Listing) -> [(position: UInt64, decoder: String)] {
        (region["mappings"]?.elements ?? []).compactMap { mapping in
            guard let position = mapping["position"]?.value, let decoder = mapping["decoder"]?.string else {
                return nil
            }
            return (position, decoder)
        }
    }

    /// Every list has the name of what it lists and of what that hangs below: `decoders:endpoint2`.
    private mutating func walk(_ element: Listing, below key: String) {
        guard case .object(let members) = element else { return }
        if let name = members["decoder"]?.string, members["position"] == nil {
            decoders.append(ListedDecoder(name: name, kind: Self.kind(of: key), members: element))
        } else if let name = members["region"]?.string {
            regions.append((name, String(key.dropFirst("regions:".count)), element))
        } else if let name = members["memdev"]?.string, members["position"] == nil {
            memdevs[name] = element
        } else if let name = members["endpoint"]?.string {
            if let memdev = members["memdev"]?["memdev"]?.string ?? members["host"]?.string { endpoints[name] = memdev }
        }
        for (key, value) in members.sorted(by: { $0.key < $1.key }) {
            for inner in value.elements where key != "mappings" { walk(inner, below: key) }
        }
    }

    private static func kind(of key: String) -> String {
        if key.hasPrefix("decoders:root") || key == "root decoders" { return "root" }
        return key.hasPrefix("decoders:endpoint") || key == "endpoint decoders" ? "endpoint" : "switch"
    }

    /// Where the devices of `cxl_acpi` are.
    private static let root = "/sys/devices/platform/ACPI0017:00/root0"

    /// The directory of a region in a tree that a listing was put into.
    static func path(ofRegion name: String, below decoder: String) -> String { "\(root)/\(decoder)/\(name)" }

    /// Puts the bus into a tree.
    ///
    /// - Parameter daxRegions: the dax regions, `dax_region0`; nil if they are not listed: then each region that is enabled
    ///   has one.
    func add(to tree: inout StoredTree, daxRegions: Set<String>?) {
        tree.add(directory: "/sys/bus/cxl/devices")
        var regionOf: [String: String] = [:]
        for region in regions {
            for mapping in region.members["mappings"]?.elements ?? [] {
                if let decoder = mapping["decoder"]?.string { regionOf[decoder] = region.name }
            }
        }
        for decoder in decoders {
            let path = "\(Self.root)/\(decoder.name)"
            tree.addDevice(decoder.name, on: "cxl", at: path)
            tree.add(text: "cxl_decoder_\(decoder.kind)\n", at: "\(path)/devtype")
            tree.add(text: Self.hex(decoder.members["resource"]?.value ?? 0), at: "\(path)/start")
            tree.add(text: Self.hex(decoder.members["size"]?.value ?? 0), at: "\(path)/size")
            if case .bool(true) = decoder.members["locked"] { tree.add(text: "1\n", at: "\(path)/locked") }
            tree.add(text: "\(regionOf[decoder.name] ?? "")\n", at: "\(path)/region")
        }
        for region in regions { add(region.name, below: region.root, region.members, to: &tree, daxRegions) }
        for (name, memdev) in memdevs.sorted(by: { $0.key < $1.key }) {
            let path = "\(Self.root)/\(name)"
            tree.addDevice(name, on: "cxl", at: path)
            if memdev["state"]?.string != "disabled" { tree.addDriver("cxl_mem", of: path, on: "cxl") }
            // A size of 0 is not listed.
            if let size = memdev["pmem_size"]?.value ?? (memdev["ram_size"] == nil ? nil : 0) {
                tree.add(text: Self.hex(size), at: "\(path)/pmem/size")
            }
        }
        for (name, memdev) in endpoints {
            let path = "\(Self.root)/\(name)"
            tree.addDevice(name, on: "cxl", at: path)
            tree.add(link: "\(Self.root)/\(memdev)", at: "\(path)/uport")
        }
    }

    private func add(
        _ name: String,
        below decoder: String,
        _ members: Listing,
        to tree: inout StoredTree,
        _ daxRegions: Set<String>?
    ) {
        let path = Self.path(ofRegion: name, below: decoder)
        let number = name.dropFirst("region".count)
        let targets = (members["mappings"]?.elements ?? []).compactMap { $0["decoder"]?.string }
        // Before version 77 the type of a region is not listed, but the mode of its decoders is.
        let mode = decoders.first { targets.contains($0.name) && $0.members["mode"] != nil }?.members["mode"]?.string
        let isListed = daxRegions?.contains("dax_region\(number)")
        let type = members["type"]?.string ?? mode ?? (isListed == true ? "ram" : "none")
        let isCommitted = members["decode_state"]?.string == "commit"
        tree.addDevice(name, on: "cxl", at: path)
        tree.add(text: Self.hex(members["resource"]?.value ?? .max), at: "\(path)/resource")
        tree.add(text: Self.hex(members["size"]?.value ?? 0), at: "\(path)/size")
        tree.add(text: "\(type)\n", at: "\(path)/mode")
        tree.add(text: isCommitted ? "1\n" : "0\n", at: "\(path)/commit")
        if let ways = members["interleave_ways"]?.value {
            tree.add(text: "\(ways)\n", at: "\(path)/interleave_ways")
        }
        for target in Self.targets(of: members) {
            tree.add(text: "\(target.decoder)\n", at: "\(path)/target\(target.position)")
        }
        if daxRegions == nil && type == "ram" && isCommitted && members["state"]?.string != "disabled" {
            tree.addDriver("cxl_dax_region", of: "\(path)/dax_region\(number)", on: "cxl")
        }
    }

    private static func hex(_ value: UInt64) -> String { hexadecimal(value) + "\n" }
}
