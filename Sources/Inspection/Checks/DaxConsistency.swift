internal import Iomem
internal import Machine

/// Holds a dax device against what it hangs below.
struct DaxConsistency {
    let state: MachineState
    let tree: any FileTree

    /// What contradicts the device, naming both facts with their files; nil where nothing does.
    func problem(of device: DaxDevice) -> String? {
        let path = "/sys/bus/dax/devices/\(device.name)"
        let place = tree.display(path)
        let twins = state.daxDevices.filter { $0.through == device.through && $0.name != device.name }
        for other in twins {
            for range in device.ranges {
                guard let same = other.ranges.first(where: { $0.overlaps(range) }) else { continue }
                return "\(place) says \(range), but \(other.name), also below \(device.through), says \(same)"
            }
        }
        switch device.owner {
        case .cxl: return problem(ofCxl: device, place)
        case .hmem:
            guard state.hmemDevices.contains(where: { $0.name == device.through }) else {
                let bus = tree.display("/sys/bus/platform/devices")
                return "\(place) hangs below \(device.through), but \(bus) has no such device"
            }
        default:
            // On a running machine it may be of a driver that is not known here.
            guard !tree.isLive, let real = tree.realPath(path), !real.contains("/ndbus") else { return nil }
            return "\(place) is a dax device, but its place \(real) is below no dax_region, hmem device or ndbus"
        }
        return nil
    }

    private func problem(ofCxl device: DaxDevice, _ place: String) -> String? {
        let bus = tree.display("/sys/bus/cxl/devices")
        guard let region = state.regions.first(where: { $0.name == device.through }) else {
            return "\(place) hangs below \(device.through), but \(bus) has no such region"
        }
        for range in device.ranges {
            guard let around = region.range else {
                return "\(place) says \(range), but \(bus)/\(region.name), which it hangs below, has no address"
            }
            guard around.contains(range) else {
                return "\(place) says \(range), but \(bus)/\(region.name), which it hangs below, says \(around)"
            }
        }
        return nil
    }
}
