import Iomem
import Machine

// What becomes of decoders that are locked when `cxl_acpi` goes, where no attribute of the region tells.
extension KernelModel {
    /// What the lock of a region is on a kernel that may keep locked decoders without telling of a region that it does.
    mutating func doubtLocks(of machine: MachineState) {
        let unread = Set(machine.regions.filter { $0.locked == nil }.map(\.name))
        let fixed = RangeIndex(machine.windows.filter(\.isFixed).map(\.range))
        let locked = RangeIndex(
            machine.decoders.filter { $0.locked == true && $0.kind != .endpoint }.compactMap(\.range)
        )
        for place in regions.indices {
            let region = regions[place]
            switch constants.generation {
            case .hmemOnly: continue
            // They honour locks, and have the attribute: material without it does not tell whether it is set. Its decoders don't
            // either: a window of a fixed configuration and AMD's translation of addresses lock the region alone.
            case .coordinated, .unfixed:
                if region.lock == .ignored || unread.contains(region.name) { regions[place].lock = .unknown }
            case .deferring:
                guard constants.keepsLockedDecoders != false else { continue }
                // A window of a fixed configuration locks its regions, and not the decoders of memory devices.
                if region.lock == .ignored || fixed.overlaps(region.range) || locked.hasContainer(of: region.range) {
                    regions[place].lock = .unknown
                }
            // Who made the region is shown nowhere.
            case .allOrNothing: if region.lock != .honoured { regions[place].lock = .unknown }
            }
        }
    }

    /// Why it is not known whether the decoders of a region stay when `cxl_acpi` goes.
    var whyLockIsUnknown: String {
        switch constants.generation {
        case .deferring where constants.keepsLockedDecoders != false:
            "they may be locked, and whether this kernel keeps locked decoders is not known (\(Rule.lockUnknown.id))"
        case .allOrNothing:
            "this kernel keeps them only if the firmware created the region, which can't be read (\(Rule.firmwareRegionKept.id))"
        case .hmemOnly, .deferring, .coordinated, .unfixed:
            "whether they are locked is not known (\(Rule.resetOnRemoval.id))"
        }
    }
}

extension UnknownFact {
    /// Whether the decoders of regions stay when `cxl_acpi` goes, where neither an attribute nor the kernel tells.
    static func keptDecoders(on machine: MachineState, _ model: KernelModel) -> UnknownFact? {
        let regions = model.regions.filter { $0.lock == .unknown && $0.isPresent }
        let names = regions.map(\.name).joined(separator: ", ")
        let words: String
        switch model.constants.generation {
        case .hmemOnly: return nil
        case .deferring:
            guard model.constants.keepsLockedDecoders != false else { return nil }
            words = "whether this kernel keeps locked decoders is not known, and those of \(names) may be locked"
        case .coordinated, .unfixed:
            words =
                machine.material.unrecorded.isEmpty
                ? "the kernel does not show whether the decoders of \(names) are locked"
                : "the recording does not show whether the decoders of \(names) are locked"
        case .allOrNothing:
            words =
                "this kernel keeps the decoders of regions that the firmware created; whether it created \(names) can't be read"
        }
        return regions.isEmpty ? nil : UnknownFact(.keptDecoders, words, or: [.regionsAreLocked(regions.map(\.name))])
    }
}
