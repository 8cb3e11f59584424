import Iomem
import Machine

extension Examination {
    /// Two dax devices over the same bytes.
    var doubleClaims: [Finding] {
        owned.filter { $0.owner == .both }.map { both in
            let names = both.device.map { $0.split(separator: ",").joined(separator: " and ") }
            return Finding(
                .doubleClaim,
                subject: "\(both.range)",
                ranges: [both.range],
                what:
                    "\(names ?? "Two dax devices") cover the same bytes. Two drivers can then use the same memory.",
                evidence: devices(over: both.range).map { device in
                    "/sys/bus/dax/devices/\(device.name): \(device.ranges.words), below "
                        + device.through
                },
                fix: remedies.command(giving: [both.range], to: [.cxl, .hmem])
                    ?? "stop the processes that use the devices, then run `daxswitch plan cxl`; or reboot"
            )
        }
    }
}
