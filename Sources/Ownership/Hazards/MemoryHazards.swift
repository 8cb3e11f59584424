import Iomem
import Machine

// The hazards of devices that are in use: memory that is online, processes that have them open.
extension StepHazards {
    /// What speaks against taking away the devices that go.
    func deviceHazards(in model: KernelModel, _ isGoing: (DaxClaim) -> Bool) -> [Hazard] {
        let claims = model.claims.filter(isGoing)
        if claims.isEmpty { return [] }
        let online = RangeIndex(model.onlineBlocks)
        return claims.flatMap { memoryOnline($0, online, in: model) + deviceOpen($0) }
    }

    /// What speaks against taking the memory over `range` offline.
    func offlineHazards(_ range: AddressRange, in model: KernelModel) -> [Hazard] {
        if let hazard = model.constants.cannotRemove(range) { return [hazard] }
        let before = earlier.filter { $0.verb == step.verb }.compactMap(\.range)
        guard let room = model.constants.room(toOffline: before + [range]), !room.suffices else { return [] }
        let words = { (bytes: UInt64) in "\(bytes >> 20) MiB" }
        return [
            Hazard(
                id: .memoryOnline,
                subject: "\(range)",
                ranges: [range],
                why:
                    "\(words(room.going)) would go offline, of which up to \(words(room.used)) are in use; in the rest of "
                    + "the host \(words(room.elsewhere)) are available and \(words(room.swapFree)) of swap are free: "
                    + "there is no room for what would have to move",
                wayOut: "free memory or add swap first"
            )
        ]
    }

    /// A driver that goes under online memory leaves it behind.
    ///
    /// - Parameter blocks: The online memory blocks of `model`.
    func memoryOnline(_ claim: DaxClaim, _ blocks: RangeIndex, in model: KernelModel) -> [Hazard] {
        guard claim.driver == "kmem" else { return [] }
        let online = Set(claim.ranges.flatMap(blocks.places)).count
        guard online > 0 else { return [] }
        let obstacle = claim.ranges.lazy.compactMap(model.constants.cannotRemove).first
        return [
            Hazard(
                id: .memoryOnline,
                subject: claim.name,
                ranges: claim.ranges,
                why:
                    model.onlineWords(online, of: claim.name)
                    + "\(step) returns 0 all the same and the memory is stuck until a reboot",
                wayOut: obstacle?.wayOut ?? model.constants.giveBack(claim.ranges)
            )
        ]
    }

    /// A process has the device open or mapped, or may have.
    func deviceOpen(_ claim: DaxClaim) -> [Hazard] {
        guard !claim.users.isEmpty else {
            if claim.driver == "fsdev_dax" { return [mayBeMounted(claim)] }
            return claim.usersAreKnown ? [] : [usersUnknown(claim.name)]
        }
        let users = claim.users.map { user in
            "\(user.command) (pid \(user.pid)) has /dev/\(claim.name) \(user.isMapped ? "mapped" : "open")"
        }.joined(separator: ", ")
        return [
            Hazard(
                id: .deviceOpen,
                subject: claim.name,
                ranges: claim.ranges,
                why: "\(users): who has it mapped gets SIGBUS at the next access",
                wayOut: "stop the process first, or --accept device-open"
            )
        ]
    }

    /// famfs on a device does not show in /proc/PID/fd.
    private func mayBeMounted(_ claim: DaxClaim) -> Hazard {
        Hazard(
            id: .deviceOpen,
            subject: claim.name,
            ranges: claim.ranges,
            why:
                "\(claim.name) has fsdev_dax, the driver for famfs. A famfs that is mounted from it loses its memory, and whether "
                + "one is mounted is not known",
            wayOut: "unmount famfs first, then --accept device-open"
        )
    }

    private func usersUnknown(_ name: String) -> Hazard {
        Hazard(
            id: .deviceOpen,
            subject: name,
            why:
                "/proc does not show the open files of all processes: who has /dev/\(name) open or mapped is not known, "
                + "and who has it mapped gets SIGBUS at the next access",
            wayOut: "give daxswitch CAP_SYS_PTRACE, or --accept device-open"
        )
    }
}

extension KernelModel {
    /// How many memory blocks of `name` are online, with the colon before what follows from it.
    func onlineWords(_ count: Int, of name: String) -> String {
        supposesOnlineMemory
            ? "memory of \(name) may be online (the material does not have the memory blocks): if it is, "
            : "\(count) memory blocks of \(name) are online: "
    }
}

extension ModelConstants {
    /// `removable` is 1 for every block of a kernel that can remove memory (drivers/base/memory.c: removable_show()).
    fileprivate func cannotRemove(_ range: AddressRange) -> Hazard? {
        guard let block = memory.blocks(in: range).first(where: { $0.isRemovable == false }) else { return nil }
        return Hazard(
            id: .noHotremove,
            subject: "memory\(block.number)",
            why: "its attribute removable is 0: this kernel can't remove memory (CONFIG_MEMORY_HOTREMOVE)",
            wayOut: "boot another kernel, or reboot so that kmem does not take the device"
        )
    }
}
