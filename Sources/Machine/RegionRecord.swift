internal import Iomem

/// The layout of a region as JSON documents have it: addresses as hexadecimal text, so nothing is lost in a reader that has no
/// integers of 64 bits.
package struct RegionRecord: Codable, Sendable, Equatable {
    private let name: String
    private let start: String
    private let end: String
    private let mode: String
    private let uuid: String?
    private let granularity: UInt64?
    private let targets: [Target]
    private let accelerator: Bool
    private let emulated: Bool
    private let devices: [Device]?

    /// A memory device's part: what tells the device, and its bytes.
    private struct Target: Codable, Equatable {
        let serial: String?
        let path: String?
        let start: String?
        let end: String?
    }

    /// A dax device with its bytes, its driver and what of it is online, and whether it was made idle.
    private struct Device: Codable, Equatable {
        let ranges: [Bytes]
        let driver: String?
        let online: [Bytes]
        let idle: Bool
    }

    /// Bytes, of memory that is online with its zone.
    private struct Bytes: Codable, Equatable {
        let start: String
        let end: String
        var zone: String?

        init(_ range: AddressRange, zone: String? = nil) {
            start = hexadecimal(range.start)
            end = hexadecimal(range.end)
            self.zone = zone
        }
    }

    /// The record of `layout`.
    package init(_ layout: RegionLayout) {
        name = layout.name
        start = hexadecimal(layout.range.start)
        end = hexadecimal(layout.range.end)
        mode = layout.mode
        uuid = layout.uuid
        granularity = layout.granularity
        targets = layout.targets.map { target in
            Target(
                serial: target.device?.serial,
                path: target.device?.path,
                start: target.dpa.map { hexadecimal($0.start) },
                end: target.dpa.map { hexadecimal($0.end) }
            )
        }
        accelerator = layout.isOfAccelerator
        emulated = layout.isEmulated
        devices = layout.devices?.map { device in
            Device(
                ranges: device.ranges.map { Bytes($0) },
                driver: device.driver,
                online: device.online.map { Bytes($0.range, zone: $0.zone) },
                idle: device.isLeftIdle
            )
        }
    }

    /// The layout; nil if the record makes no sense.
    package var layout: RegionLayout? {
        guard let range = Self.range(start, end), Region.isName(name, digitsAtMost: 9) else { return nil }
        var parts: [RegionTarget] = []
        for target in targets {
            let dpa = target.start.flatMap { start in target.end.flatMap { Self.range(start, $0) } }
            // No device has bytes up to the last address.
            if dpa?.end == .max { return nil }
            if dpa == nil && (target.start != nil || target.end != nil) { return nil }
            let device = target.serial.flatMap { serial in
                target.path.map { MemdevIdentity(serial: serial, path: $0) }
            }
            parts.append(RegionTarget(device: device, dpa: dpa))
        }
        if let devices, Self.devices(devices, in: range) == nil { return nil }
        return RegionLayout(
            name: name,
            range: range,
            mode: mode,
            uuid: uuid,
            granularity: granularity,
            targets: parts,
            isOfAccelerator: accelerator,
            isEmulated: emulated,
            devices: devices.flatMap { Self.devices($0, in: range) }
        )
    }

    /// The dax devices; nil if they can't be those of `region`.
    private static func devices(_ records: [Device], in region: AddressRange) -> [RegionDevice]? {
        var devices: [RegionDevice] = []
        for record in records {
            let ranges = record.ranges.compactMap { range($0.start, $0.end) }
            let online = record.online.compactMap { bytes in
                range(bytes.start, bytes.end).map { OnlineMemory(range: $0, zone: bytes.zone) }
            }
            guard ranges.count == record.ranges.count, online.count == record.online.count else { return nil }
            devices.append(
                RegionDevice(ranges: ranges, driver: record.driver, online: online, isLeftIdle: record.idle)
            )
        }
        return RegionDevice.areSound(devices, in: region) ? devices : nil
    }

    private static func range(_ start: String, _ end: String) -> AddressRange? {
        guard let first = parseNumber(start), let last = parseNumber(end) else { return nil }
        return AddressRange(start: first, end: last)
    }
}
