import Iomem
import Machine

extension Examination {
    /// The devices that no driver can bind to.
    var unbindable: [Finding] {
        lazy var iomem = IomemLines(machine.iomem)
        return withoutDriver.compactMap { device -> Finding? in
            let blocked = device.ranges.filter(isBlocked)
            guard !blocked.isEmpty, let owner = device.owner else { return nil }
            let cutters = blocked.flatMap { self.cutters(of: $0, among: iomem.over($0)) }
            return Finding(
                .unbindable,
                subject: device.name,
                ranges: blocked,
                what: "\(device.name) owns \(blocked.words), but no driver can bind: \(edges(of: cutters)) (EBUSY).",
                evidence: ["/sys/bus/dax/devices/\(device.name): no driver"]
                    + cutters.map { "/proc/iomem: \($0.range) : \($0.name)" },
                fix: remedies.command(giving: blocked, to: owner == .hmem ? [.cxl] : [.hmem])
                    ?? (owner == .hmem ? handOver(of: blocked) : nil)
                    ?? (blocked.contains(where: model.constants.meetsWindow)
                        ? remedies.persistHmem
                            ?? "change the firmware's memory map, or \(model.constants.regionAdvice(over: blocked))"
                        : advice(over: blocked, device.name)
                            ?? "change the firmware's memory map: no other range may overlap a part of the bytes")
            )
        }
    }

    /// A device over an HMEM range that reaches beyond its memory; nil if this is not the cause.
    private func advice(over blocked: [AddressRange], _ device: String) -> String? {
        blocked.lazy.compactMap { self.model.constants.smallerDevice($0, device) }.first.map {
            "\($0). Permanent fix: change the firmware setup or update the firmware, so the SRAT lists this memory as a separate range"
        }
    }

    private func edges(of cutters: [IomemEntry]) -> String {
        let names = cutters.map(\.name).uniqued()
        guard let last = names.last else { return "another resource uses a part of them" }
        if names.count == 1 { return "a boundary of \(last) splits them" }
        return "boundaries of \(names.dropLast().joined(separator: ", ")) and \(last) split them"
    }

    /// The lines of iomem that hold a part of `range` and not all of it.
    private func cutters(of range: AddressRange, among lines: [IomemEntry]) -> [IomemEntry] {
        lines.filter { entry in
            !entry.range.contains(range) && !range.contains(entry.range)
                || entry.range != range && range.contains(entry.range)
                    && (entry.name.hasPrefix("CXL Window") || entry.name.hasPrefix("region"))
        }
    }
}
