import Iomem
import Machine

extension PredictionBuilder {
    /// What the rules were given for `tile`: each fact with the file it stands in and its value.
    func facts(for tile: AddressRange) -> [String] {
        softReserved(tile) + windows(tile) + regions(tile) + remembered(tile) + kernel(tile)
    }

    private func softReserved(_ tile: AddressRange) -> [String] {
        machine.softReserved.filter { $0.range.overlaps(tile) }.map { range in
            "\(range.range) is Soft Reserved (\(range.sources.joined(separator: ", ")))"
        }
    }

    private func windows(_ tile: AddressRange) -> [String] {
        machine.windows.filter { $0.range.overlaps(tile) }.map { window in
            "CXL window \(window.range) (\(window.sources.joined(separator: ", "))), "
                + (window.isLive ? "in /proc/iomem" : "not in /proc/iomem")
        }
    }

    private func regions(_ tile: AddressRange) -> [String] {
        machine.regions.filter { $0.range?.overlaps(tile) == true }.map { region in
            let locked = region.locked.map { $0 ? "1" : "0" } ?? "not there"
            return
                "/sys/bus/cxl/devices/\(region.name): \(region.range?.description ?? "no range"), mode \(region.mode), "
                + "commit \(region.committed ? 1 : 0), locked \(locked), dax_\(region.name) "
                + (region.assembled ? "there" : "not there")
        }
    }

    private func remembered(_ tile: AddressRange) -> [String] {
        guard let remembered = machine.remembered else { return [] }
        let decoded = remembered.decoded.contains { $0.overlaps(tile) }
        return remembered.regions.filter { $0.range.overlaps(tile) }.map { region in
            "/run/daxswitch/regions.json: a region over \(region.range), locked \(region.locked)"
        } + [
            "/run/daxswitch/regions.json: \(decoded ? "a" : remembered.isComplete ? "no" : "no seen") decoder "
                + "that stays without cxl_acpi answers for it"
        ]
    }

    private func kernel(_ tile: AddressRange) -> [String] {
        let meetsWindow = machine.windows.contains { $0.range.overlaps(tile) }
        let generation = start.worlds.first?.generation
        let hasProbe = generation == .coordinated || generation == .unfixed
        return (generation.map { ["the kernel \(machine.kernel.release) is \($0.rawValue)"] } ?? [])
            + (meetsWindow && hasProbe
                ? [
                    "initial probe \(machine.initialProbe.value.rawValue): "
                        + machine.initialProbe.evidence.joined(separator: "; ")
                ] : [])
    }
}
