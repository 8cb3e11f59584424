import Iomem
import Machine
import Ownership

/// The steps on memory: taking blocks offline, all or none, and putting a device to a use.
struct MemorySteps {
    let surfaces: Surfaces
    let settling: Settling
    let report: (Progress) -> Void
    /// A signal ends the giving back of memory: not so on a way back.
    var isInterruptible = true

    private var givingBack: MemoryWriter {
        MemoryWriter(surfaces: surfaces, deadlines: settling.deadlines, isInterruptible: isInterruptible)
    }
    private var writer: MemoryWriter {
        MemoryWriter(surfaces: surfaces, deadlines: settling.deadlines, isInterruptible: false)
    }

    /// Takes the memory of kmem over `range` offline and kmem off its devices.
    ///
    /// Where one block does not go, every block that was online comes back online in its zone.
    /// - Throws: `ReloadError` `.stepFailed`, `.interrupted`, `.notPermitted`.
    func offline(_ range: AddressRange, on machine: MachineState) throws(ReloadError) {
        let devices = machine.daxDevices.filter { device in
            device.driver == "kmem" && device.ranges.contains { $0.overlaps(range) }
        }
        do throws(ReloadError) {
            let blocks = devices.flatMap(\.ranges).flatMap(machine.memory.blocks).filter(\.isOnline)
            var counter = OfflineCounter(blocks, since: surfaces.waiter.now)
            for device in devices { try offline(device, machine, &counter) }
            // With kmem gone nobody can online the blocks again before the driver below goes.
            for device in devices {
                try checkOffline(device, machine)
                try writer.write(device.name, to: .driver("kmem", .unbind))
            }
        } catch {
            // The next write would wait for what the one that hangs holds.
            if error.code == .hung { throw error }
            try bringBack(range, to: machine, after: error)
        }
    }

    private func offline(
        _ device: DaxDevice,
        _ machine: MachineState,
        _ counter: inout OfflineCounter
    ) throws(ReloadError) {
        let blocks = device.ranges.flatMap(machine.memory.blocks).filter(\.isOnline)
        guard device.memoryState == nil || device.memoryState == "unplugged" || blocks.isEmpty else {
            var seen = counter
            try givingBack.write("unplugged", to: .device(device.name)) {
                seen.count { surfaces.memory.isOnline(block: $0) != true }
                return advance(&seen)
            }
            counter = seen
            counter.count { number in blocks.contains { $0.number == number } }
            _ = advance(&counter)
            return
        }
        // From the top, as what was onlined last goes first.
        for block in blocks.reversed() {
            if isInterruptible, let signal = surfaces.interrupts.pending {
                throw ReloadError(.interrupted, "stopped by \(signal) before memory\(block.number) went offline")
            }
            try givingBack.write("offline", to: .block(block.number))
            counter.count { $0 == block.number }
            _ = advance(&counter)
        }
    }

    /// kmem gives up a device with a block that is online as well, and says so nowhere: that block is stuck until a reboot
    /// (drivers/dax/kmem.c: dev_dax_kmem_remove()).
    private func checkOffline(_ device: DaxDevice, _ machine: MachineState) throws(ReloadError) {
        let blocks = device.ranges.flatMap(machine.memory.blocks)
        guard let block = blocks.first(where: { surfaces.memory.isOnline(block: $0.number) == true }) else { return }
        throw ReloadError(
            .stepFailed,
            "memory\(block.number) is online again: something put memory online during the step. Stop it "
                + "(a udev rule or a daemon) and try again"
        )
    }

    /// Reports what has gone offline; whether anything has since the last call.
    private func advance(_ counter: inout OfflineCounter) -> Bool {
        guard counter.hasAdvanced() else { return false }
        report(counter.progress(at: surfaces.waiter.now))
        return true
    }

    private func bringBack(
        _ range: AddressRange,
        to machine: MachineState,
        after error: ReloadError
    ) throws(ReloadError) -> Never {
        var back = self
        back.isInterruptible = false
        do throws(ReloadError) {
            for step in machine.usesToRestore(over: range) {
                guard let bytes = step.range, let use = step.use else { continue }
                try back.restore(use, over: bytes, on: machine)
            }
        } catch let second {
            throw ReloadError(error.code, error.description, cause: "putting the memory online again failed: \(second)")
        }
        throw error
    }

    /// Puts the device over `range`, and its blocks there, to `use`.
    ///
    /// - Throws: `ReloadError` `.stepFailed` where there is no such device, or where a block stays in another zone;
    ///   `.notPermitted`.
    func restore(_ use: MemoryUse, over range: AddressRange, on machine: MachineState) throws(ReloadError) {
        switch use {
        case .systemRAM(let zone):
            for driver in Self.unmanaged { try release(range, from: driver) }
            try give(range, to: "kmem", machine)
            if try settling.read().memory.blocks(in: range).isEmpty {
                // Its blocks were unplugged: kmem adds them when it is bound.
                try release(range, from: "kmem")
                try give(range, to: "kmem", machine)
            }
            for block in try settling.read().memory.blocks(in: range) where !block.isOnline(in: zone) {
                if block.isOnline, zone != .offline { try writer.write("offline", to: .block(block.number)) }
                try writer.write(zone.attributeValue, to: .block(block.number))
            }
        case .devdax, .famfs, .idle:
            try offline(range, on: try settling.read())
            for driver in Self.unmanaged where driver != use.driver { try release(range, from: driver) }
            if let driver = use.driver { try give(range, to: driver, machine) }
        }
    }

    /// The drivers that take a device of dax_hmem or dax_cxl by its name alone.
    private static let unmanaged = ["device_dax", "fsdev_dax"]

    /// Gives `range` a dax device of its own: the one that has the bytes is made idle and ends before them.
    ///
    /// Each write can be the last of a run that is cut off: bytes that are free by then, and a device without any, are used.
    /// - Throws: `ReloadError` `.stepFailed` if no device has the bytes at its end, `.notPermitted`.
    func split(_ range: AddressRange, on machine: MachineState) throws(ReloadError) {
        if let device = machine.daxDevices.first(where: { device in
            device.owner != nil && device.ranges.count == 1
                && device.ranges[0].contains(range) && device.ranges[0].start < range.start
        }) {
            try offline(device.ranges[0], on: machine)
            try writer.write("\(range.start - device.ranges[0].start)", to: .size(device.name))
        }
        guard let region = machine.daxRegion(around: range) else {
            throw ReloadError(.stepFailed, "no dax region has \(range)")
        }
        let isNew = { (device: DaxDevice) in device.through == region && device.ranges.isEmpty }
        if !machine.daxDevices.contains(where: isNew) { try writer.write("1", to: .create(region)) }
        guard let device = try settling.read().daxDevices.first(where: isNew) else {
            throw ReloadError(.stepFailed, "\(region) has no new dax device")
        }
        let digits = [range.start, range.end].map { String($0, radix: 16) }
        try writer.write(digits.joined(separator: "-"), to: .mapping(device.name))
    }

    private func device(over range: AddressRange) throws(ReloadError) -> DaxDevice {
        let machine = try settling.read()
        guard let device = machine.daxDevices.first(where: { $0.ranges.contains { $0.overlaps(range) } }) else {
            throw ReloadError(.stepFailed, "no dax device covers \(range)")
        }
        return device
    }

    private func release(_ range: AddressRange, from driver: String) throws(ReloadError) {
        let device = try device(over: range)
        guard device.driver == driver else { return }
        try writer.write(device.name, to: .driver(driver, .unbind))
    }

    /// Binds `driver`, which is loaded where it is not in. kmem takes new devices of dax_hmem and dax_cxl by itself.
    private func give(_ range: AddressRange, to driver: String, _ machine: MachineState) throws(ReloadError) {
        try surfaces.modules.insert(driver, isHeld: machine.isHeld)
        let device = try device(over: range)
        guard device.driver != driver else { return }
        if driver == "kmem" {
            try writer.write(device.name, to: .driver(driver, .bind))
        } else {
            try writer.write(device.name, to: .driver(driver, .newID))
            // Else the driver takes whatever device has this name next.
            try writer.write(device.name, to: .driver(driver, .removeID))
        }
    }
}

extension MemoryUse.OnlineZone {
    /// What the `state` of a memory block takes for it.
    var attributeValue: String {
        switch self {
        case .movable: "online_movable"
        case .kernel: "online_kernel"
        case .automatic: "online"
        case .offline: "offline"
        }
    }
}

extension MachineState {
    /// What the dax region around `range` hangs below: `region0`, `hmem.0`.
    fileprivate func daxRegion(around range: AddressRange) -> String? {
        let names = daxDevices.filter { $0.owner != nil }.map(\.through)
        if let region = regions.first(where: { $0.range?.contains(range) == true && names.contains($0.name) }) {
            return region.name
        }
        guard let unit = softReserved.compactMap(\.hmemRange).first(where: { $0.contains(range) }) else { return nil }
        return daxDevices.first { device in device.owner == .hmem && device.ranges.contains { unit.contains($0) } }?
            .through
    }
}
