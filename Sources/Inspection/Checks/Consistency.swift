internal import Iomem
internal import LinuxSystem
internal import Machine

/// Holds the facts of one reading against each other.
///
/// A running machine can contradict itself while it changes; a recorded one never should, and a verdict over such a
/// one would be worth nothing.
struct Consistency {
    private let state: MachineState
    private let tree: any FileTree
    private let windows: RangeIndex
    private let decoders: [String: Decoder]
    private let dax: DaxConsistency

    init(state: MachineState, tree: any FileTree) {
        self.state = state
        self.tree = tree
        windows = RangeIndex(state.windows.map(\.range))
        decoders = Dictionary(state.decoders.map { ($0.name, $0) }) { first, _ in first }
        dax = DaxConsistency(state: state, tree: tree)
    }

    /// The first contradiction, with both facts and their files; nil without a contradiction.
    func firstContradiction() -> String? {
        if !state.lacks(.cxlDevices) {
            let names = Set(state.regions.map(\.name))
            if let line = regionLinesOutsideWindows.first(where: { names.contains($0.name) }) { return outside(line) }
            for region in state.regions {
                if let problem = problem(of: region) { return problem }
            }
        }
        if let problem = overlappingRegions() { return problem }
        for device in state.daxDevices {
            if let problem = dax.problem(of: device) { return problem }
        }
        return nil
    }

    /// What a running machine can be, though it hardly ever is: of a recording, it may be damage. A sentence each.
    func oddities() -> [String] {
        // A driver that has nothing to do with CXL may call its resource so; more likely a line was left out.
        regionLinesOutsideWindows.map(outside)
            + [overlappingWindows()].compactMap { $0 }
            + state.daxDevices.compactMap(dax.oddity)
    }

    private func outside(_ line: IomemEntry) -> String {
        "\(tree.display("/proc/iomem")) has \(line.name) at \(line.range), but no CXL Window line around it"
    }

    /// CXL specification 9.18.1.3: the ranges of two windows do not overlap.
    private func overlappingWindows() -> String? {
        guard let (one, other) = state.windows.firstOverlap(by: \.range) else { return nil }
        func words(_ window: Window) -> String {
            let name = window.number.map { "CXL Window \($0)" } ?? "a CXL window"
            return "\(tree.display(window.sources.first ?? "/proc/iomem")) has \(name) at \(window.range)"
        }
        return "\(words(one)), but \(words(other)): they overlap"
    }

    /// Regions get their bytes from one resource tree (alloc_hpa(), drivers/cxl/core/region.c).
    private func overlappingRegions() -> String? {
        let placed = state.regions.compactMap { region in region.range.map { (name: region.name, range: $0) } }
        guard let (one, other) = placed.firstOverlap(by: \.range) else { return nil }
        let place = "\(tree.display("/sys/bus/cxl/devices"))"
        return
            "\(place)/\(one.name) is \(one.range), but \(place)/\(other.name) is \(other.range): they overlap"
    }

    private var regionLinesOutsideWindows: [IomemEntry] {
        func found(in entries: [IomemEntry]) -> [IomemEntry] {
            entries.filter { !$0.name.isNumbered("CXL Window ") }.flatMap { entry in
                (entry.name.isNumbered("region") ? [entry] : []) + found(in: entry.children)
            }
        }
        return found(in: state.iomem.roots)
    }

    private func problem(of region: Region) -> String? {
        let path = "/sys/bus/cxl/devices/\(region.name)"
        // A region lives below a root decoder, which puts its window into iomem before (cxl_acpi_probe()).
        guard state.windows.contains(where: \.isLive) else {
            let range = region.range.map { " at \($0)" } ?? ""
            return
                "\(tree.display(path)) is a region\(range), but \(tree.display("/proc/iomem")) has no CXL Window line"
        }
        guard let range = region.range else { return nil }
        let place = "\(tree.display(path)) is \(range)"
        guard windows.hasContainer(of: range) else {
            let known = state.windows.map { "\($0.range)" }.joined(separator: ", ")
            return "\(place), but \(tree.display("/proc/iomem")) and the CEDT have only the CXL windows \(known)"
        }
        guard let parent = tree.realPath(path)?.parts(at: "/").dropLast().last.map(String.init),
            let window = decoders[parent]?.range
        else { return nil }
        guard window.contains(range) else {
            return "\(place), but its parent \(tree.display("/sys/bus/cxl/devices/\(parent)")) is \(window)"
        }
        return nil
    }
}

extension Array {
    /// Two neighbours in address order that share a byte; nil where all are apart.
    func firstOverlap(by range: (Element) -> AddressRange) -> (Element, Element)? {
        let ordered = sorted { range($0) < range($1) }
        return zip(ordered, ordered.dropFirst()).first { range($0).overlaps(range($1)) }
    }
}

/// Holds dax devices against what they hang below. One is looked at in O(log n) of n devices.
private struct DaxConsistency {
    private let state: MachineState
    private let tree: any FileTree
    private let regions: [String: Region]
    private let hmemNames: Set<String>
    /// By what devices hang below: those of them that have bytes in common with another.
    private let overlapping: [String: [DaxDevice]]

    init(state: MachineState, tree: any FileTree) {
        self.state = state
        self.tree = tree
        regions = Dictionary(state.regions.map { ($0.name, $0) }) { first, _ in first }
        hmemNames = Set(state.hmemDevices.map(\.name))
        overlapping = Dictionary(grouping: state.daxDevices, by: \.through).filter { _, twins in
            twins.count > 1 && twins.flatMap(\.ranges).firstOverlap(by: \.self) != nil
        }
    }

    /// What contradicts the device, naming both facts with their files; nil where nothing does.
    func problem(of device: DaxDevice) -> String? {
        let path = "/sys/bus/dax/devices/\(device.name)"
        let place = tree.display(path)
        for other in overlapping[device.through] ?? [] where other.name != device.name {
            for range in device.ranges {
                guard let same = other.ranges.first(where: { $0.overlaps(range) }) else { continue }
                return "\(place) is \(range), but \(other.name), also below \(device.through), is \(same)"
            }
        }
        switch device.owner {
        case .cxl: return problem(ofCxl: device, place)
        case .hmem where !state.lacks(.daxDevices):
            guard hmemNames.contains(device.through) else {
                let bus = tree.display("/sys/bus/platform/devices")
                return "\(place) is below \(device.through), but \(bus) has no such device"
            }
        default: break
        }
        return nil
    }

    /// A device of a driver that is not known here.
    func oddity(of device: DaxDevice) -> String? {
        let path = "/sys/bus/dax/devices/\(device.name)"
        guard device.owner == nil, let real = tree.realPath(path), !real.contains("/ndbus") else { return nil }
        return
            "\(tree.display(path)) is a dax device, but its path \(real) is not below a dax_region, hmem device or ndbus"
    }

    private func problem(ofCxl device: DaxDevice, _ place: String) -> String? {
        let bus = tree.display("/sys/bus/cxl/devices")
        guard let region = regions[device.through] else {
            return "\(place) is below \(device.through), but \(bus) has no such region"
        }
        for range in device.ranges {
            guard let around = region.range else {
                return "\(place) is \(range), but its parent \(bus)/\(region.name) has no address"
            }
            guard around.contains(range) else {
                return "\(place) is \(range), but its parent \(bus)/\(region.name) is \(around)"
            }
        }
        return nil
    }
}
