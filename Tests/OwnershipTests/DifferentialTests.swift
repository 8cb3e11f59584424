import Foundation
import CaptureReplay
import Inspection
import Iomem
import Machine
import Ownership
import TestCaptures
import Testing

@Suite("Status, held against cxl list, daxctl list -R and lsmem")
struct DifferentialTests {
    @Test("they agree on every recorded moment that has what these tools said")
    func everyMoment() throws {
        var moments = 0
        var spoken = ToolAnswers()
        for root in TestCaptures.all {
            guard let answers = try ToolAnswers(of: root) else { continue }
            let machine = try Replay.state(root)
            let differences = answers.differences(from: machine)
            #expect(differences.isEmpty, "\(root): \(differences)")
            moments += 1
            spoken.add(answers)
        }
        // Comparing nothing with nothing would be no test.
        #expect(moments > 100 && spoken.devices.count > 100 && spoken.regions.count > 50 && spoken.blocks.count > 100)
    }

    @Test("a difference of each kind is found")
    func mutations() throws {
        let root = try TestCaptures.root(kernel: "7.3.4-lab", scenario: "three-windows", "kmem")
        let answers = try #require(try ToolAnswers(of: root))
        let machine = try Replay.state(root)
        #expect(answers.differences(from: machine).isEmpty)

        func finds(_ word: String, _ change: (inout MachineState) -> Void) {
            var changed = machine
            change(&changed)
            let found = answers.differences(from: changed)
            #expect(found.contains { $0.contains(word) }, "\(word): \(found)")
        }
        finds("owner") { $0.daxDevices[0].owner = $0.daxDevices[0].owner == .cxl ? .hmem : .cxl }
        finds("driver") { $0.daxDevices[0].driver = "device_dax" }
        finds("bytes") { $0.daxDevices[0].ranges = $0.daxDevices[1].ranges }
        finds("only") { $0.daxDevices.removeFirst() }
        finds("region") { $0.regions[0].committed.toggle() }
        finds("region") { $0.regions.removeFirst() }
        finds("blocks") { $0.memory.blocks[0].isOnline.toggle() }
        finds("blocks") { $0.memory.blocks.removeLast() }
    }
}

/// What cxl(1), daxctl(1) and lsmem(1) said of a recorded moment.
private struct ToolAnswers {
    struct Device: Equatable {
        var owner: Owner
        var driver: String?
        var ranges: [AddressRange]
    }
    struct CxlRegion: Equatable {
        var range: AddressRange?
        var committed: Bool
    }
    var devices: [String: Device] = [:]
    var regions: [String: CxlRegion] = [:]
    /// Online or not, by the first address.
    var blocks: [UInt64: Bool] = [:]

    init() {}

    /// Nil where nothing was recorded.
    init?(of root: CaptureRoot) throws {
        let tree = try TestCaptures.tree(of: root)
        guard tree.exists("/tools") else { return nil }
        func json(_ file: String) throws -> Any? {
            let data = Data(try #require(try tree.read("/tools/\(file)")))
            return data.isEmpty ? nil : try JSONSerialization.jsonObject(with: data)
        }
        for region in try json("daxctl-list.json") as? [[String: Any]] ?? [] { addDevices(of: region) }
        addRegions(in: try json("cxl-list.json") as Any)
        let memory = try json("lsmem.json") as? [String: Any]
        for block in memory?["memory"] as? [[String: Any]] ?? [] {
            guard let range = block["range"] as? String, let start = UInt64(range.dropFirst(2).prefix(16), radix: 16)
            else { continue }
            blocks[start] = block["state"] as? String == "online"
        }
    }

    private mutating func addDevices(of region: [String: Any]) {
        let isCxl = (region["path"] as? String)?.contains("/dax_region") == true
        for device in region["devices"] as? [[String: Any]] ?? [] {
            guard let name = device["chardev"] as? String else { continue }
            let mappings = device["mappings"] as? [[String: Any]] ?? []
            let driver = device["mode"] as? String == "system-ram" ? "kmem" : "device_dax"
            devices[name] = Device(
                owner: isCxl ? .cxl : .hmem,
                driver: device["state"] as? String == "disabled" ? nil : driver,
                ranges: mappings.compactMap { mapping in
                    guard let start = mapping["start"] as? UInt64, let end = mapping["end"] as? UInt64 else {
                        return nil
                    }
                    return AddressRange(start: start, end: end)
                }
            )
        }
    }

    private mutating func addRegions(in value: Any) {
        if let list = value as? [Any] { return list.forEach { addRegions(in: $0) } }
        guard let object = value as? [String: Any] else { return }
        if let name = object["region"] as? String, let state = object["decode_state"] as? String {
            let start = object["resource"] as? UInt64
            let size = object["size"] as? UInt64 ?? 0
            regions[name] = CxlRegion(
                range: start.flatMap { AddressRange(start: $0, size: size) },
                committed: state == "commit"
            )
        }
        object.values.forEach { addRegions(in: $0) }
    }

    mutating func add(_ other: ToolAnswers) {
        devices.merge(other.devices.map { ("\(devices.count) \($0)", $1) }) { $1 }
        regions.merge(other.regions.map { ("\(regions.count) \($0)", $1) }) { $1 }
        for block in other.blocks { blocks[UInt64(blocks.count)] = block.value }
    }

    /// Where `machine`, or what `status` makes of it, says something else.
    func differences(from machine: MachineState) -> [String] {
        deviceDifferences(machine) + regionDifferences(machine) + blockDifferences(machine)
    }

    private func deviceDifferences(_ machine: MachineState) -> [String] {
        let ours = machine.daxDevices.filter { $0.owner != nil && !$0.ranges.isEmpty }
        var found: [String] = []
        for name in Set(ours.map(\.name)).symmetricDifference(devices.filter { !$0.value.ranges.isEmpty }.keys) {
            found.append("\(name): only one of status and daxctl has it")
        }
        for device in ours {
            guard let said = devices[device.name] else { continue }
            if said.ranges != device.ranges { found.append("\(device.name): other bytes, \(said.ranges)") }
            if said.owner != device.owner { found.append("\(device.name): other owner, \(said.owner)") }
            if said.driver != device.driver { found.append("\(device.name): other driver, \(said.driver ?? "none")") }
        }
        for owned in ownedRanges(of: machine) {
            let over = devices.values.filter { $0.ranges.contains { $0.overlaps(owned.range) } }
            let owners = Set(over.map(\.owner))
            let owner = owners.count > 1 ? .both : owners.first ?? .none
            if owner != owned.owner { found.append("\(owned.range): owner \(owned.owner), daxctl has \(owner)") }
        }
        return found
    }

    private func regionDifferences(_ machine: MachineState) -> [String] {
        var ours: [String: CxlRegion] = [:]
        for region in machine.regions {
            ours[region.name] = CxlRegion(range: region.range, committed: region.committed)
        }
        return Set(ours.keys).union(regions.keys).sorted().compactMap { name in
            // cxl list leaves out what it can't tell the size of.
            if ours[name]?.range == nil && regions[name] == nil { return nil }
            return ours[name] == regions[name]
                ? nil
                : "region \(name): \(String(describing: ours[name])), cxl has \(String(describing: regions[name]))"
        }
    }

    private func blockDifferences(_ machine: MachineState) -> [String] {
        ownedRanges(of: machine).compactMap { owned in
            let inside = blocks.filter { start, _ in
                AddressRange(start: start, size: machine.memory.blockSize).map(owned.range.contains) ?? false
            }
            let online = inside.values.filter { $0 }.count
            if inside.count == owned.blocksTotal && online == owned.blocksOnline { return nil }
            return "\(owned.range): \(owned.blocksOnline) of \(owned.blocksTotal) blocks online, "
                + "lsmem has \(online) of \(inside.count)"
        }
    }
}
