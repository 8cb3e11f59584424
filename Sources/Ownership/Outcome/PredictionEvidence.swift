import Iomem
import Machine

extension PredictionBuilder {
    /// What the rules were given for `range`: each fact with the file it stands in and its value.
    func facts(for range: AddressRange) -> [String] {
        softReserved(range) + windows(range) + regions(range) + remembered(range) + kernel(range)
    }

    private func softReserved(_ range: AddressRange) -> [String] {
        machine.softReserved.filter { $0.range.overlaps(range) }.map { found in
            "\(found.range) is Soft Reserved (\(found.sources.joined(separator: ", ")))"
        }
    }

    private func windows(_ range: AddressRange) -> [String] {
        machine.windows.filter { $0.range.overlaps(range) }.map { window in
            "CXL window \(window.range) (\(window.sources.joined(separator: ", "))), "
                + (window.isLive ? "in /proc/iomem" : "not in /proc/iomem")
        }
    }

    private func regions(_ range: AddressRange) -> [String] {
        machine.regions.filter { $0.range?.overlaps(range) == true }.map { region in
            let locked = region.locked.map { $0 ? "1" : "0" } ?? "not there"
            return
                "/sys/bus/cxl/devices/\(region.name): \(region.range?.description ?? "no range"), mode \(region.mode), "
                + "commit \(region.committed ? 1 : 0), locked \(locked), dax_\(region.name) "
                + (region.assembled ? "there" : "not there")
        }
    }

    private func remembered(_ range: AddressRange) -> [String] {
        guard let remembered = machine.remembered else { return [] }
        let decoded = remembered.decoded.contains { $0.overlaps(range) }
        return remembered.regions.filter { $0.range.overlaps(range) }.map { region in
            "/run/daxswitch/regions.json: a region over \(region.range), locked \(region.locked)"
        } + [
            "/run/daxswitch/regions.json: \(decoded ? "a" : remembered.isComplete ? "no" : "no seen") decoder "
                + "that stays without cxl_acpi answers for it"
        ]
    }

    private func kernel(_ range: AddressRange) -> [String] {
        let meetsWindow = machine.windows.contains { $0.range.overlaps(range) }
        let generation = start.models.first?.constants.generation
        let hasProbe = start.models.first?.constants.asksForCxl == true
        return (generation.map { ["the kernel \(machine.kernel.release) is \($0.rawValue)"] } ?? [])
            + (meetsWindow && hasProbe
                ? [
                    "initial probe \(machine.initialProbe.value.rawValue): "
                        + machine.initialProbe.evidence.joined(separator: "; ")
                ] : [])
    }
}
