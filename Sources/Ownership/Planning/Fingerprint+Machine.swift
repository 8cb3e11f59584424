import Iomem
import Machine

/// The modules whose state matters, by name: those that steps name, and what all of them need.
package let modulesOfInterest = (Step.modules + ["cxl_core"]).sorted()

extension Fingerprint {
    /// The facts of `machine`, as `Fingerprint.facts` has them.
    static func facts(of machine: MachineState) -> [String: [String: String]] {
        [
            "dax_devices": Self.daxDevices(machine),
            "decoders": Self.decoders(machine),
            "kernel": Self.kernel(machine),
            "memory": Self.memory(machine),
            "modules": Self.gathered(modulesOfInterest.map { ($0, machine.modules.state(of: $0).rawValue) }),
            "regions": Self.regions(machine),
            "remembered": Self.remembered(machine),
            "soft_reserved": Self.gathered(machine.softReserved.map { ("\($0.range)", "there") }),
            "windows": Self.windows(machine),
        ]
    }

    private static func kernel(_ machine: MachineState) -> [String: String] {
        let mode = machine.daxCxlMode.value.map { ["dax_cxl_mode": $0.rawValue] } ?? [:]
        return mode.merging([
            "rules": machine.kernel.generation.value?.rawValue ?? "unknown",
            "initial probe": machine.initialProbe.value.rawValue,
            "modules_disabled": machine.kernel.modulesDisabled ? "1" : "0",
            "lockdown": machine.kernel.lockdown ?? "unknown",
            "cxl_acpi": hold(machine),
            "device_hmem.disable": machine.hmemSettings.isDisabled ? "1" : "0",
            "dax_hmem.region_idle": machine.hmemSettings.regionIsIdle ? "1" : "0",
            "decoders as at boot": machine.decoderHistory.value == .asAtBoot ? "proven" : "not proven",
            "kernel.modprobe": machine.kernel.unknownModuleHelper ?? (machine.kernel.hasModuleHelper ? "there" : "none")
            ,
        ]) { first, _ in first }
    }

    private static func hold(_ machine: MachineState) -> String {
        let lines = machine.modprobe.keptOut.merging(machine.modprobe.doubtful) { own, _ in own }
        let others = lines.sorted { $0.key < $1.key }.map { ", \($0.value)" }.joined()
        return (machine.isHeld ? "held" : machine.holdGap == nil ? "not held" : "half held") + others
    }

    private static func remembered(_ machine: MachineState) -> [String: String] {
        guard let remembered = machine.remembered else { return [:] }
        return gathered(
            [("decoders", remembered.isComplete ? "seen" : "seen in part")]
                + remembered.regions.map { ("\($0.range)", $0.locked ? "locked" : "not locked") }
                + remembered.decoded.map { ("\($0)", "decoded") }
        )
    }

    private static func daxDevices(_ machine: MachineState) -> [String: String] {
        gathered(
            machine.daxDevices.map { device in
                let ranges = device.ranges.map(\.description).joined(separator: ",")
                let driver = device.driver.map { "driver \($0)" } ?? "no driver"
                return (ranges.isEmpty ? device.name : ranges, "below \(device.through), \(driver)")
            }
        )
    }

    private static func decoders(_ machine: MachineState) -> [String: String] {
        gathered(
            machine.decoders.map { decoder in
                let range = decoder.range?.description ?? "no range"
                let region = decoder.region.map { ", \($0)" } ?? ""
                return (
                    decoder.name,
                    "\(decoder.kind.rawValue), \(range)\(decoder.locked == true ? ", locked" : "")\(region)"
                )
            }
        )
    }

    private static func memory(_ machine: MachineState) -> [String: String] {
        let blocks = machine.memory.blocks
        let index = RangeIndex(blocks.map(\.range))
        return gathered(
            ownedRanges(of: machine).filter { $0.blocksTotal > 0 }.map { owned in
                let zones = Set(index.places(overlapping: owned.range).compactMap { blocks[$0].zone }).sorted()
                let place = zones.isEmpty ? "" : " in \(zones.joined(separator: ", "))"
                return ("\(owned.range)", "\(owned.blocksOnline) of \(owned.blocksTotal) blocks online\(place)")
            }
        )
    }

    private static func regions(_ machine: MachineState) -> [String: String] {
        gathered(
            machine.regions.map { region in
                let range = region.range?.description ?? "no range"
                let lock = region.locked.map { $0 ? "locked" : "not locked" } ?? "lock unknown"
                let state = region.committed ? "committed" : "not committed"
                let assembled = region.assembled ? "assembled" : "not assembled"
                let bridge = region.lacksPmemDriver ? ", without its nvdimm bridge" : ""
                return (region.name, "\(range), \(region.mode), \(state), \(lock), \(assembled)\(bridge)")
            }
                + machine.memdevs.filter { $0.persistentSize ?? 0 > 0 }.map { ($0.name, "persistent memory") }
        )
    }

    private static func windows(_ machine: MachineState) -> [String: String] {
        gathered(
            machine.windows.map { window in
                let place = window.isLive ? "in /proc/iomem" : "not in /proc/iomem"
                return ("\(window.range)", place + (window.isFixed ? ", fixed" : ""))
            }
        )
    }

    /// Facts by what they are about; two about the same are one.
    private static func gathered(_ facts: [(String, String)]) -> [String: String] {
        Dictionary(facts.sorted { $0 < $1 }) { "\($0) and \($1)" }
    }
}
