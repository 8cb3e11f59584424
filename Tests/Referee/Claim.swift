import Foundation

/// What the tool says of a machine: owners of bytes, modules, lines of `/proc/iomem`.
package struct Claim: Sendable {
    package typealias Bytes = KernelRecord.Bytes

    /// Bytes with the owners that are said to be possible: `cxl`, `hmem`, `none`, `both`.
    package var owners: [(range: Bytes, owners: Set<String>)] = []
    /// Modules with how they are said to stand: `live`, `absent` and others.
    package var modules: [String: Set<String>] = [:]
    /// Lines that are said to be there; N and M stand for numbers.
    package var lines: [(range: Bytes, name: String)] = []

    package init() {}

    /// What a saved plan says (docs/schemas/plan.schema.json).
    package init(plan text: String) throws {
        guard let plan = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else { return }
        for range in plan["ranges"] as? [[String: Any]] ?? [] {
            guard let bytes = Self.bytes(range), let words = range["owners"] as? [String] else { continue }
            owners.append((bytes, Set(words)))
        }
        modules = (plan["modules"] as? [String: [String]] ?? [:]).mapValues(Set.init)
        for line in plan["iomem"] as? [[String: Any]] ?? [] where line["certain"] as? Bool == true {
            guard let bytes = Self.bytes(line), let name = line["name"] as? String else { continue }
            lines.append((bytes, name))
        }
    }

    private static func bytes(_ members: [String: Any]) -> Bytes? {
        let ends = ["start", "end"].compactMap {
            (members[$0] as? String).flatMap { UInt64($0.dropFirst(2), radix: 16) }
        }
        return ends.count == 2 && ends[0] <= ends[1] ? ends[0]...ends[1] : nil
    }
}

extension KernelRecord {
    /// udev loads these for devices, at its own time (drivers/dax/bus.c: the modalias of a dax device; drivers/cxl/pmem.c).
    private static let loadedByUdev: Set = ["device_dax", "kmem", "cxl_pmem"]

    /// Where the record is not as `claim` says.
    package func problems(with claim: Claim) -> [String] {
        let (devices, modules, lines) = (devices, liveModules, lines)
        let owners = claim.owners.compactMap { problem(with: $0.owners, of: $0.range, devices) }
        let standings = claim.modules.compactMap { name, standings -> String? in
            if Self.loadedByUdev.contains(name) { return nil }
            if standings == ["live"] && !modules.contains(name) { return "\(name) is not in /proc/modules" }
            if standings == ["absent"] && modules.contains(name) { return "\(name) is in /proc/modules" }
            return nil
        }
        let missing = claim.lines.filter { line in
            !lines.contains { $0.range == line.range && Self.isNamed($0.name, line.name) }
        }
        return owners + standings + missing.map { "/proc/iomem has no \($0.name) over \(hexadecimal($0.range))" }
    }

    private func problem(with owners: Set<String>, of range: Bytes, _ devices: Set<Device>) -> String? {
        // What one of several owners holds is not more certain than the claim: any of them will do for each byte.
        let strays = devices.filter { device in
            !owners.contains(device.owner) && !owners.contains("both") && device.ranges.contains { $0.overlaps(range) }
        }
        if let stray = strays.first {
            return "\(hexadecimal(range)) has a device of \(stray.owner), claimed: \(owners)"
        }
        if owners.contains("none") { return nil }
        let covered = devices.flatMap(\.ranges)
        return isCovered(range, by: covered)
            ? nil : "\(hexadecimal(range)) has bytes without a device, claimed: \(owners)"
    }

    /// Where the record is not as the policy of that name wants (Policies/cxl.toml, Policies/hmem.toml).
    package func problems(withPolicy name: String) -> [String] {
        let devices = devices
        let ranges = { (owner: String) in devices.filter { $0.owner == owner }.flatMap(\.ranges) }
        // From 7.0 on the kernel prints no such lines; then the devices alone tell.
        let reserved = lines.filter { $0.name == "Soft Reserved" }.map(\.range)
        let windows = lines.filter { $0.name.hasPrefix("CXL Window ") }.map(\.range)
        switch name {
        case "hmem":
            let others = ranges("cxl").map { "\(hexadecimal($0)) is CXL's" }
            let bare = reserved.filter { !isCovered($0, by: ranges("hmem")) }
            // Where nothing is reserved there is nothing to own: the firmware gave the memory to the kernel.
            let isDecided = reserved.isEmpty && reservesNothing
            let none = devices.isEmpty && !isDecided ? ["no dax device is there"] : []
            return others + none + bare.map { "\(hexadecimal($0)) is not all dax_hmem's" }
        case "cxl":
            let regions = committedRegions
            let bare = regions.filter { !isCovered($0, by: ranges("cxl")) }
            let taken = ranges("hmem").filter { range in regions.contains { $0.overlaps(range) } }
            let outside = reserved.filter { range in !windows.contains { $0.overlaps(range) } }
            return bare.map { "the region over \(hexadecimal($0)) is not all CXL's" }
                + taken.map { "\(hexadecimal($0)) is dax_hmem's, over a region" }
                + (windows.isEmpty ? [] : outside.filter { !isCovered($0, by: ranges("hmem")) }.map(hexadecimal))
        default: return []
        }
    }

    private func isCovered(_ range: Bytes, by others: [Bytes]) -> Bool {
        var next = range.lowerBound
        for other in others.sorted(by: { $0.lowerBound < $1.lowerBound }) where other.contains(next) {
            if other.upperBound >= range.upperBound { return true }
            next = other.upperBound + 1
        }
        return false
    }

    /// Whether `name` is `pattern` with numbers in place of N and M.
    private static func isNamed(_ name: String, _ pattern: String) -> Bool {
        switch pattern {
        case "CXL Window N": name.wholeMatch(of: #/CXL Window [0-9]+/#) != nil
        case "regionN": name.wholeMatch(of: #/region[0-9]+/#) != nil
        case "daxN.M": name.wholeMatch(of: #/dax[0-9]+\.[0-9]+/#) != nil
        default: name == pattern
        }
    }

    private func hexadecimal(_ range: Bytes) -> String {
        "0x\(String(range.lowerBound, radix: 16))-0x\(String(range.upperBound, radix: 16))"
    }
}
