import Glibc
import Iomem
import Machine
import Reload

/// What a kernel does to its memory when an attribute is written (drivers/base/memory.c, drivers/dax/kmem.c, bus.c).
struct MemoryOfRecording {
    let attribute: MemoryAttribute
    let value: String

    func apply(to machine: inout MachineState) throws(WriteRefusal) {
        switch attribute {
        case .block(let number):
            guard let index = machine.memory.blocks.firstIndex(where: { $0.number == number }) else {
                throw WriteRefusal(ENOENT)
            }
            machine.memory.blocks[index].isOnline = value != "offline"
            machine.memory.blocks[index].zone = Self.zones[value]
        case .device(let name):
            guard let index = machine.daxDevices.firstIndex(where: { $0.name == name }) else {
                throw WriteRefusal(ENOENT)
            }
            machine.daxDevices[index].memoryState = value
            removeBlocks(of: machine.daxDevices[index], &machine)
        case .driver(let driver, let binding):
            guard let index = machine.daxDevices.firstIndex(where: { $0.name == value }) else {
                throw WriteRefusal(ENODEV)
            }
            switch binding {
            case .bind, .newID:
                machine.daxDevices[index].driver = driver
                if driver == "kmem" { addBlocks(of: machine.daxDevices[index], &machine) }
            case .unbind:
                machine.daxDevices[index].driver = nil
                // A block that is online is stuck until reboot (dev_dax_kmem_remove()).
                let device = machine.daxDevices[index]
                let isStuck = device.ranges.flatMap(machine.memory.blocks).contains(where: \.isOnline)
                if driver == "kmem" && !isStuck { removeBlocks(of: device, &machine) }
            case .removeID: break
            }
        case .size(let name):
            let index = try Self.idle(name, machine)
            guard let size = UInt64(value), let range = machine.daxDevices[index].ranges.first else {
                throw WriteRefusal(EINVAL)
            }
            machine.daxDevices[index].ranges = [AddressRange(start: range.start, size: size)].compactMap(\.self)
        case .create(let through):
            guard let sibling = machine.daxDevices.first(where: { $0.through == through }) else {
                throw WriteRefusal(ENOENT)
            }
            let number = machine.daxDevices.count { $0.through == through }
            machine.daxDevices.append(
                DaxDevice(
                    name: "\(sibling.name.prefix { $0 != "." }).\(number)",
                    ranges: [],
                    owner: sibling.owner,
                    through: through,
                    driver: nil
                )
            )
        case .mapping(let name):
            let index = try Self.idle(name, machine)
            let ends = value.split(separator: "-").compactMap { UInt64($0, radix: 16) }
            guard ends.count == 2, let range = AddressRange(start: ends[0], end: ends[1]) else {
                throw WriteRefusal(EINVAL)
            }
            if machine.daxDevices.contains(where: { $0.ranges.contains { $0.overlaps(range) } }) {
                throw WriteRefusal(ENOMEM)
            }
            machine.daxDevices[index].ranges.append(range)
        case .platformDriver(_, let binding): try bindHmem(binding, &machine)
        case .regionDriver(let binding):
            guard let index = machine.regions.firstIndex(where: { $0.name == value }) else {
                throw WriteRefusal(ENODEV)
            }
            machine.regions[index].assembled = binding == .bind
            machine.regions[index].daxDriver = nil
            machine.daxDevices.removeAll { $0.through == value }
            if binding == .bind { probe(index, &machine) }
        case .createRegion, .deleteRegion, .region, .endpointDecoder: throw WriteRefusal(ENOENT)
        case .cxlProbe:
            guard let index = machine.regions.firstIndex(where: { "dax_\($0.name)" == value && $0.assembled }) else {
                throw WriteRefusal(ENODEV)
            }
            probe(index, &machine)
        }
    }

    /// drivers/dax/hmem/hmem.c: dax_hmem_probe(); its device goes with the driver.
    private func bindHmem(_ binding: MemoryAttribute.Binding, _ machine: inout MachineState) throws(WriteRefusal) {
        guard let index = machine.hmemDevices.firstIndex(where: { $0.name == value }),
            machine.hmemDevices[index].isBound == (binding == .unbind)
        else { throw WriteRefusal(ENODEV) }
        if binding == .unbind {
            machine.hmemDevices[index].rangeWhenBound = machine.daxDevices.first { $0.through == value }?.ranges.first
            machine.daxDevices.removeAll { $0.through == value }
        } else {
            guard let range = machine.hmemDevices[index].rangeWhenBound else { throw WriteRefusal(EIO) }
            if machine.daxDevices.contains(where: { $0.ranges.contains { $0.overlaps(range) } }) {
                throw WriteRefusal(ENOMEM)
            }
            machine.daxDevices.append(
                DaxDevice(
                    name: "dax\(value.dropFirst(5)).0",
                    ranges: [range],
                    owner: .hmem,
                    through: value,
                    driver: nil
                )
            )
        }
        machine.hmemDevices[index].isBound = binding == .bind
    }

    /// drivers/dax/cxl.c: cxl_dax_region_probe(), if the module is in and nobody has the bytes.
    private func probe(_ index: Int, _ machine: inout MachineState) {
        let region = machine.regions[index]
        guard let range = region.range, machine.modules.state(of: "dax_cxl") == .live,
            !machine.daxDevices.contains(where: { $0.ranges.contains { $0.overlaps(range) } })
        else { return }
        machine.regions[index].daxDriver = "cxl_dax_region"
        machine.daxDevices.append(
            DaxDevice(
                name: "dax\(region.name.dropFirst(6)).0",
                ranges: [range],
                owner: .cxl,
                through: region.name,
                driver: nil
            )
        )
    }

    /// drivers/dax/bus.c: what has a driver keeps its size and its mappings.
    private static func idle(_ name: String, _ machine: MachineState) throws(WriteRefusal) -> Int {
        guard let index = machine.daxDevices.firstIndex(where: { $0.name == name }) else { throw WriteRefusal(ENOENT) }
        if machine.daxDevices[index].driver != nil { throw WriteRefusal(EBUSY) }
        return index
    }

    private static let zones = ["online_movable": "Movable", "online_kernel": "Normal", "online": "Normal"]

    private func removeBlocks(of device: DaxDevice, _ machine: inout MachineState) {
        machine.memory.blocks.removeAll { block in device.ranges.contains { $0.overlaps(block.range) } }
    }

    private func addBlocks(of device: DaxDevice, _ machine: inout MachineState) {
        removeBlocks(of: device, &machine)
        let size = machine.memory.blockSize
        for range in device.ranges {
            for start in stride(from: range.start, through: range.end, by: Int(size)) {
                guard let bytes = AddressRange(start: start, size: size) else { continue }
                machine.memory.blocks.append(
                    MemoryBlock(number: Int(start / size), range: bytes, isOnline: false, zone: nil, isRemovable: true)
                )
            }
        }
        machine.memory.blocks.sort { $0.number < $1.number }
    }
}
