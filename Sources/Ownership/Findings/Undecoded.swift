import Iomem
import Machine

extension Examination {
    /// Memory that the kernel uses, or could, and that no decoder answers for.
    var undecoded: [Finding] {
        let dead = model.undecoded.merged()
        guard !dead.isEmpty else { return [] }
        let claims = devices.filter { $0.owner == .hmem }.map { (name: $0.name, ranges: $0.ranges) }
        return claims.compactMap { name, ranges in
            let bytes = ranges.flatMap { range in dead.compactMap(range.intersection) }.merged()
            guard !bytes.isEmpty else { return nil }
            let online = machine.memory.blocks.count { block in
                block.isOnline && bytes.contains(where: block.range.overlaps)
            }
            return Finding(
                .undecoded,
                subject: name,
                ranges: bytes,
                what: "\(name) covers \(bytes.words), and no CXL decoder answers for these bytes. "
                    + (online > 0
                        ? "\(online) of its memory blocks are online: the kernel can crash at any time."
                        : "Putting them online crashes the kernel."),
                evidence: [
                    "/sys/bus/dax/devices/\(name): \(ranges.words)",
                    machine.seesDecoders
                        ? "/sys/bus/cxl/devices: no decoder of a memory device covers them"
                        : "/run/daxswitch/regions.json: their decoders were reset in this boot",
                ],
                fix: online > 0
                    ? "don't unload anything; move the work away from this memory and reboot"
                    : remedies.command(giving: bytes, to: [.cxl, .none])
                        ?? "leave the device idle; \(model.constants.regionAdvice(over: bytes)), or reboot if one was lost in this boot"
            )
        }
    }
}
