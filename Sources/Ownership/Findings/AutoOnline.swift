import Iomem
import Machine

extension Examination {
    /// What puts the memory of dax devices online by itself.
    var autoOnline: [Finding] {
        let online = owned.filter { $0.use == .systemRAM && $0.blocksOnline > 0 }
        let policy = machine.memory.autoOnline.flatMap { $0.hasPrefix("online") ? $0 : nil }
        guard !online.isEmpty, policy != nil || !machine.memory.onliningRules.isEmpty else { return [] }
        let ranges = online.map(\.range)
        let zones = ranges.flatMap(machine.memory.blocks).filter(\.isOnline).compactMap(\.zone).uniqued().sorted()
        let parameter = machine.kernel.commandLine.parameters.last { $0.name == "memhp_default_state" }
        let isMovable = zones.contains("Movable") && !zones.contains("Normal")
        let consequence =
            isMovable
            ? "It can go offline again."
            : "Memory in zone Normal often can't go offline. Then no other driver can own it."
        return [
            Finding(
                .autoOnline,
                subject: online.compactMap(\.device).uniqued().joined(separator: ", "),
                ranges: ranges,
                what: "New memory goes online by itself"
                    + (zones.isEmpty ? "." : ", here in zone \(zones.joined(separator: " and ")). \(consequence)"),
                evidence: (policy.map { ["/sys/devices/system/memory/auto_online_blocks: \($0)"] } ?? [])
                    + (parameter.map { ["/proc/cmdline: memhp_default_state=\($0.value ?? "")"] } ?? [])
                    + machine.memory.onliningRules.map { "udev rule: \($0)" },
                fix: (isMovable ? "none needed. To change it: " : "")
                    + (machine.memory.onliningRules.isEmpty
                        ? "put memhp_default_state=offline (or online_movable) on the kernel command line and reboot"
                        : "change \(machine.memory.onliningRules.joined(separator: ", ")): mask it with a file of the same name in "
                            + "/etc/udev/rules.d")
            )
        ]
    }
}
