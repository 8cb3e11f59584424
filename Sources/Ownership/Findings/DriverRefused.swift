import Iomem
import Machine

extension Examination {
    /// The devices that a driver failed on and that still have none.
    var driverRefusals: [Finding] {
        lazy var iomem = IomemLines(machine.iomem)
        let idle = withoutDriver.compactMap { device -> Finding? in
            let lines = lines(about: device)
            if lines.isEmpty { return nil }
            return Finding(
                .driverRefused,
                subject: device.name,
                ranges: device.ranges,
                what:
                    "\(reason(lines) ?? "A driver failed on \(device.name)")\(number(lines)). No driver uses \(device.name).",
                evidence: lines.map(quoted),
                fix: fix(device, lines) { isTaken(device, iomem) }
            )
        }
        return idle + refusedRegions
    }

    private func lines(about device: DaxDevice) -> [DriverFailure] {
        failures(of: device.name, [.reservation, .alignment, .node, .addition, .probe]).filter { failure in
            // A number is given again: what names other bytes was another device.
            failure.range.map { range in device.ranges.isEmpty || device.ranges.contains(where: range.overlaps) }
                ?? true
        }
    }

    private func reason(_ lines: [DriverFailure]) -> String? {
        lines.lazy.compactMap { line -> String? in
            switch line.kind {
            case .reservation: "A driver could not reserve the bytes of \(line.subject)"
            case .alignment: "kmem found no whole memory block in \(line.subject)"
            case .node: "\(line.subject) has no NUMA node"
            case .addition: "kmem could not add the memory of \(line.subject)"
            case .attachment, .interleaving, .conflict, .probe: nil
            }
        }.first
    }

    private func number(_ lines: [DriverFailure]) -> String {
        lines.last { $0.errno != nil }?.errno.map { " (-\($0))" } ?? ""
    }

    private func fix(_ device: DaxDevice, _ lines: [DriverFailure], isTaken: () -> Bool) -> String {
        let kinds = Set(lines.map(\.kind))
        if kinds.contains(.alignment) {
            return "use it as a character device: daxctl reconfigure-device --mode=devdax \(device.name)"
        }
        if kinds.contains(.node) {
            return "the firmware must name a NUMA node for it (SRAT, CEDT); update the firmware"
        }
        if device.ranges.contains(where: isBlocked) { return "see the finding unbindable" }
        let others: Set<Owner> = device.owner == .hmem ? [.cxl] : [.hmem]
        return remedies.command(giving: device.ranges, to: others)
            ?? (device.ranges.contains(where: model.constants.meetsWindow) ? remedies.persistHmem : nil)
            ?? (isTaken()
                ? "look in /proc/iomem for what uses the bytes"
                : "nothing else uses the bytes now: run `echo \(device.name) > /sys/bus/dax/drivers/kmem/bind`")
    }

    /// Whether something that is no region or window has bytes of `device` in iomem.
    private func isTaken(_ device: DaxDevice, _ iomem: IomemLines) -> Bool {
        device.ranges.flatMap(iomem.over).contains { entry in
            !entry.name.hasPrefix("CXL Window") && !entry.name.hasPrefix("region") && entry.name != "Soft Reserved"
        }
    }

    /// The dax regions that the kernel refused to make because another one holds the bytes.
    private var refusedRegions: [Finding] {
        guard machine.modules.state(of: "dax_cxl") != .absent else { return [] }
        return ramRegions.filter { $0.region.assembled && $0.region.daxDriver == nil }.compactMap { region, range in
            let number = region.name.drop { !$0.isNumber }
            let lines = failures(of: "dax_region\(number)", [.conflict, .probe])
            guard !lines.isEmpty else { return nil }
            return Finding(
                .driverRefused,
                subject: "dax_region\(number)",
                ranges: [range],
                what: "dax_cxl could not take \(region.name): another device already has its bytes (-12).",
                evidence: lines.map(quoted),
                fix: remedies.command(giving: [range], to: [.cxl])
                    ?? "unload dax_hmem and dax_cxl, then load dax_cxl again"
            )
        }
    }
}
