import Iomem
import Machine

/// What the rules were given: each fact with the file it stands in and its value. One for all ranges of a prediction.
final class PredictionEvidence: Sendable {
    private let machine: MachineState
    private let softReservedIndex: RangeIndex
    private let windowIndex: RangeIndex
    private let regionIndex: RangeIndex
    private let placed: [Region]
    private let rememberedIndex: RangeIndex
    private let decodedIndex: RangeIndex
    private let unitIndex: RangeIndex
    private let constants: ModelConstants?
    private let generation: Generation?
    private let hasProbe: Bool

    /// The evidence on `machine`.
    init(_ machine: MachineState, _ start: Unknowns) {
        self.machine = machine
        softReservedIndex = RangeIndex(machine.softReserved.map(\.range))
        windowIndex = RangeIndex(machine.windows.map(\.range))
        placed = machine.regions.filter { $0.range != nil }
        regionIndex = RangeIndex(placed.compactMap(\.range))
        rememberedIndex = RangeIndex(machine.remembered?.regions.map(\.range) ?? [])
        decodedIndex = RangeIndex(machine.remembered?.decoded ?? [])
        constants = start.models.first?.constants
        unitIndex = RangeIndex(start.models.first?.constants.ranges ?? [])
        generation = start.models.first?.constants.generation
        hasProbe = start.models.first?.constants.hasInitialProbe == true
    }

    /// The facts about `range`.
    func facts(for range: AddressRange) -> [String] {
        softReserved(range) + beyond(range) + windows(range) + regions(range) + remembered(range) + kernel(range)
    }

    private func softReserved(_ range: AddressRange) -> [String] {
        softReservedIndex.places(overlapping: range).map { place in
            let found = machine.softReserved[place]
            return "\(found.range) is Soft Reserved (\(found.sources.joined(separator: ", ")))"
        }
    }

    /// Only an HMAT has HMEM ranges that reach beyond Soft Reserved memory.
    private func beyond(_ range: AddressRange) -> [String] {
        guard let under = constants?.under, under.isBeyond(range),
            let unit = unitIndex.places(overlapping: range).first.flatMap({ constants?.ranges[$0] })
        else { return [] }
        let lines = under.lines(in: range).map { "\($0.name) (/proc/iomem)" }
        return [
            "\(range) is a part of the HMEM range \(unit) (/sys/firmware/acpi/tables/SRAT), but not Soft Reserved: "
                + (lines.first ?? "no table or device reports memory there")
        ]
    }

    private func windows(_ range: AddressRange) -> [String] {
        windowIndex.places(overlapping: range).map { place in
            let window = machine.windows[place]
            return "CXL window \(window.range) (\(window.sources.joined(separator: ", "))), "
                + (window.isLive ? "in /proc/iomem" : "not in /proc/iomem")
        }
    }

    private func regions(_ range: AddressRange) -> [String] {
        regionIndex.places(overlapping: range).map { place in
            let region = placed[place]
            let locked = region.locked.map { $0 ? "1" : "0" } ?? "missing"
            return
                "/sys/bus/cxl/devices/\(region.name): \(region.range?.description ?? "no range"), mode \(region.mode), "
                + "commit \(region.committed ? 1 : 0), locked \(locked), dax_\(region.name) "
                + (region.assembled ? "present" : "missing")
        }
    }

    private func remembered(_ range: AddressRange) -> [String] {
        guard let remembered = machine.remembered else { return [] }
        let decoded = decodedIndex.overlaps(range)
        return rememberedIndex.places(overlapping: range).map { place in
            let region = remembered.regions[place]
            return "/run/daxswitch/regions.json: a region over \(region.range), locked \(region.locked)"
        } + [
            "/run/daxswitch/regions.json: \(decoded ? "a" : remembered.isComplete ? "no" : "no visible") decoder "
                + "that stays programmed without cxl_acpi maps it"
        ]
    }

    private func kernel(_ range: AddressRange) -> [String] {
        let meetsWindow = windowIndex.overlaps(range)
        let mode =
            generation == .allOrNothing && meetsWindow
            ? [
                "dax_cxl_mode \(machine.daxCxlMode.value?.rawValue ?? "unknown"): "
                    + machine.daxCxlMode.evidence.joined(separator: "; ")
            ] : []
        return mode + (generation.map { ["the kernel \(machine.kernel.release) is \($0.rawValue)"] } ?? [])
            + (meetsWindow && hasProbe
                ? [
                    "initial probe \(machine.initialProbe.value.rawValue): "
                        + machine.initialProbe.evidence.joined(separator: "; ")
                ] : [])
    }
}
