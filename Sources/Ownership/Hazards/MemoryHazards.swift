import Iomem
import Machine

// The hazards of memory that is online.
extension StepHazards {
    /// What speaks against taking the memory over `range` offline.
    func offlineHazards(_ range: AddressRange) -> [Hazard] {
        if let hazard = cannotRemove(range) { return [hazard] }
        let before = earlier.filter { $0.verb == step.verb }.compactMap(\.range)
        guard let room = machine.room(toOffline: before + [range]), !room.suffices else { return [] }
        let words = { (bytes: UInt64) in "\(bytes >> 20) MiB" }
        return [
            Hazard(
                id: .memoryOnline,
                subject: "\(range)",
                why:
                    "\(words(room.going)) would go offline, of which up to \(words(room.used)) are in use; in the rest of "
                    + "the host \(words(room.elsewhere)) are available and \(words(room.swapFree)) of swap are free: "
                    + "there is no room for what would have to move",
                wayOut: "free memory or add swap first"
            )
        ]
    }

    /// A driver that goes under online memory leaves it behind.
    func memoryOnline(_ claim: DaxClaim, in world: KernelModel) -> [Hazard] {
        let online = world.onlineBlocks.count { claim.overlaps($0) }
        guard claim.driver == "kmem", online > 0 else { return [] }
        let name = claim.device ?? claim.through
        let bytes = claim.ranges.compactMap(cannotRemove)
        return [
            Hazard(
                id: .memoryOnline,
                subject: name,
                why: "\(online) memory blocks of \(name) are online: \(step) returns 0 all the same and the memory is "
                    + "stuck until a reboot",
                wayOut: bytes.first?.wayOut ?? Self.giveBack(machine, claim.ranges)
            )
        ]
    }

    /// How memory over `ranges` is given back.
    static func giveBack(_ machine: MachineState, _ ranges: [AddressRange]) -> String {
        let isKernels = ranges.flatMap(machine.memory.blocks).contains {
            MemoryUse.OnlineZone(named: $0.zone) == .kernel
        }
        return "apply with --offline-memory, which takes it offline first and puts it to its use again afterwards"
            + (isKernels ? "; what is in zone Normal often can't go offline, and then nothing is changed" : "")
    }

    /// `removable` is 1 for every block of a kernel that can remove memory (drivers/base/memory.c: removable_show()).
    private func cannotRemove(_ range: AddressRange) -> Hazard? {
        guard let block = machine.memory.blocks(in: range).first(where: { $0.isRemovable == false }) else { return nil }
        return Hazard(
            id: .noHotremove,
            subject: "memory\(block.number)",
            why: "its attribute removable is 0: this kernel can't remove memory (CONFIG_MEMORY_HOTREMOVE)",
            wayOut: "boot another kernel, or reboot so that kmem does not take the device"
        )
    }
}
