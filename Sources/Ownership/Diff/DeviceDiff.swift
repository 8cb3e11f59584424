import Iomem
import Machine

extension Diff {
    /// Windows are told apart by their bytes. Whether one is in `/proc/iomem` always shows; of one that is not, only the
    /// ACPI tables tell that it is there.
    mutating func compareWindows(_ a: MachineState, _ b: MachineState) {
        let windows = [a, b].map { machine in Dictionary(machine.windows.map { ($0.range, $0) }) { first, _ in first } }
        for range in Set(windows.flatMap(\.keys)).sorted() {
            let told = zip([a, b], windows).map { Self.window($1[range], of: $0) }
            note(.window, "\(range)", told[0], told[1], over: range)
        }
    }

    private static func window(_ window: Window?, of machine: MachineState) -> Told {
        let out = "not live"
        guard let window else {
            // No window at all is the word of a side that lacks one (`Told(nil)`).
            return machine.lacks(.acpiTables) ? Told(oneOf: ["", out], shown: out) : Told(nil)
        }
        return Told(window.isLive ? "live" : out)
    }

    /// Regions are told apart by their bytes; those without bytes by their names.
    mutating func compareRegions(_ a: MachineState, _ b: MachineState) {
        let regions = [a, b].map { machine in
            Dictionary(machine.regions.map { (RegionKey($0), $0) }) { first, _ in first }
        }
        for key in Set(regions.flatMap(\.keys)) {
            let found = regions.map { $0[key] }
            let names = Set(found.compactMap { $0?.name }).sorted().joined(separator: ", ")
            compareRegion(names, key.range, (a, found[0]), (b, found[1]))
        }
    }

    /// What tells a region from others.
    private struct RegionKey: Hashable {
        let range: AddressRange?
        let name: String?

        init(_ region: Region) {
            range = region.range
            name = region.range == nil ? region.name : nil
        }
    }

    private mutating func compareRegion(
        _ name: String,
        _ range: AddressRange?,
        _ a: (machine: MachineState, region: Region?),
        _ b: (machine: MachineState, region: Region?)
    ) {
        let words = [a, b].map { side in side.region.map { RegionWords($0, side.machine) } }
        guard let one = words[0], let other = words[1] else {
            let told = zip([a, b], words).map { side, words in
                words.map { Told($0.all) } ?? (side.machine.lacks(.cxlDevices) ? .unknown : Told(nil))
            }
            return note(.region, name, told[0], told[1], over: range)
        }
        let pairs = zip(one.parts, other.parts)
        if pairs.contains(where: { $0 != nil && $1 != nil && $0 != $1 }) {
            note(.region, name, Told(one.all), Told(other.all), over: range)
        } else if pairs.contains(where: { ($0 == nil) != ($1 == nil) }) {
            let told = [one, other].map { $0.parts.contains(nil) ? .unknown : Told($0.all) }
            note(.region, name, told[0], told[1], over: range)
        }
    }

    /// What a region is, in words; nil for what its material does not tell.
    private struct RegionWords {
        let parts: [String?]

        init(_ region: Region, _ machine: MachineState) {
            let isRecorded = !machine.lacks(.cxlDevices)
            func word(_ isSo: Bool?, _ word: String) -> String? { isSo.map { $0 ? word : "not \(word)" } }
            parts = [
                region.mode,
                // A line of /proc/iomem tells of both only if a dax device lies in it.
                word(isRecorded || region.committed ? region.committed : nil, "committed"),
                word(region.locked, "locked"),
                word(isRecorded || region.assembled ? region.assembled : nil, "assembled"),
            ]
        }

        var all: String { parts.compactMap(\.self).joined(separator: ", ") }
    }

    /// Soft Reserved bytes that only one side has.
    mutating func compareSoftReserved(_ a: MachineState, _ b: MachineState) {
        let sides = [a, b].map { machine in machine.softReserved.map(\.range).merged() }
        let there = Told("there")
        func missing(on machine: MachineState) -> Told { machine.lacks(.firmwareMap) ? .unknown : Told(nil) }
        let (inA, inB) = (RangeIndex(sides[0]), RangeIndex(sides[1]))
        for bytes in sides[0].flatMap(inB.remainder) {
            note(.softReserved, "\(bytes)", there, missing(on: b), over: bytes)
        }
        for bytes in sides[1].flatMap(inA.remainder) {
            note(.softReserved, "\(bytes)", missing(on: a), there, over: bytes)
        }
    }
}
