internal import Iomem
internal import Machine

/// Holds the facts of one reading against each other.
///
/// A running machine can contradict itself while it changes; a recorded one never should, and a verdict over such a
/// one would be worth nothing.
struct Consistency {
    let state: MachineState
    let tree: any FileTree

    /// The first contradiction, naming both facts with their files; nil where there is none.
    func firstContradiction() -> String? {
        if let line = regionLineOutsideWindows(state.iomem.roots) {
            return "\(tree.display("/proc/iomem")) has \(line.name) at \(line.range), but no CXL Window line around it"
        }
        for region in state.regions {
            if let problem = problem(of: region) { return problem }
        }
        for device in state.daxDevices {
            if let problem = problem(of: device) { return problem }
        }
        return nil
    }

    private func regionLineOutsideWindows(_ entries: [IomemEntry]) -> IomemEntry? {
        for entry in entries where !entry.name.isNumbered("CXL Window ") {
            if entry.name.isNumbered("region"), isCxlRegion(entry.name) { return entry }
            if let found = regionLineOutsideWindows(entry.children) { return found }
        }
        return nil
    }

    /// On a running machine a driver that has nothing to do with CXL may call its resource so.
    private func isCxlRegion(_ name: String) -> Bool {
        !tree.isLive || state.regions.contains { $0.name == name }
    }

    private func problem(of region: Region) -> String? {
        guard let range = region.range else { return nil }
        let path = "/sys/bus/cxl/devices/\(region.name)"
        let place = "\(tree.display(path)) says \(range)"
        guard state.windows.contains(where: { $0.range.contains(range) }) else {
            let known = state.windows.map { "\($0.range)" }.joined(separator: ", ")
            let names = known.isEmpty ? "names no CXL window at all" : "names only the CXL windows \(known)"
            return "\(place), but \(tree.display("/proc/iomem")) with the CEDT \(names)"
        }
        guard let parent = tree.realPath(path)?.split(separator: "/").dropLast().last.map(String.init),
            let decoder = state.decoders.first(where: { $0.name == parent }), let window = decoder.range
        else { return nil }
        guard window.contains(range) else {
            return "\(place), but \(tree.display("/sys/bus/cxl/devices/\(parent)")) around it says \(window)"
        }
        return nil
    }

    private func problem(of device: DaxDevice) -> String? {
        let place = tree.display("/sys/bus/dax/devices/\(device.name)")
        switch device.owner {
        case .cxl:
            guard let region = state.regions.first(where: { $0.name == device.through }) else {
                return "\(place) hangs below \(device.through), but /sys/bus/cxl/devices has no such region"
            }
            for range in device.ranges {
                guard let around = region.range else {
                    return "\(place) says \(range), but \(region.name), which it hangs below, has no address"
                }
                guard around.contains(range) else {
                    return "\(place) says \(range), but \(region.name), which it hangs below, says \(around)"
                }
            }
        case .hmem:
            guard state.hmemDevices.contains(where: { $0.name == device.through }) else {
                return "\(place) hangs below \(device.through), but /sys/bus/platform/devices has no such device"
            }
        default: break
        }
        return nil
    }
}
