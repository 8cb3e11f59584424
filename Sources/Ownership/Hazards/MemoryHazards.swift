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

        return [
            Hazard(
                id: .memoryOnline,
                subject: "\(range)",
                ranges: [range],
                why:
                    "\(sizeText(room.going)) would go offline, and up to \(sizeText(room.used)) of it is in use and must move. Free elsewhere: "
                    + "\(sizeText(room.elsewhere)), and \(sizeText(room.swapFree)) of swap. "
                    + "That is not enough",
                fix: "free memory or add swap first"
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
                    model.onlineWords(
                        online,
                        of: claim.name,
                        "\(doing(step)) would succeed but leave \(online == 1 ? "it" : "them") stuck until a reboot"
                    ),
                fix: obstacle?.fix ?? model.constants.giveBack(claim.ranges)
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
                why: "\(users). A process that has it mapped is killed by SIGBUS at the next access",
                fix: "stop the process first, or --accept device-open"
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
                "\(claim.name) has fsdev_dax, the driver for famfs. A famfs mounted from it would lose its memory. Whether "
                + "one is mounted is not known",
            fix: "unmount famfs first, then --accept device-open"
        )
    }

    private func usersUnknown(_ name: String) -> Hazard {
        Hazard(
            id: .deviceOpen,
            subject: name,
            why:
                "/proc does not show the open files of all processes, so which ones use /dev/\(name) is not known. "
                + "A process that has it mapped is killed by SIGBUS at the next access",
            fix: "give daxswitch CAP_SYS_PTRACE, or --accept device-open"
        )
    }
}

extension KernelModel {
    /// How many memory blocks of `name` are online, and what follows from it.
    ///
    /// - Parameter consequence: A clause that begins in lower case.
    func onlineWords(_ count: Int, of name: String, _ consequence: String) -> String {
        supposesOnlineMemory
            ? "memory of \(name) may be online (the recording does not include the memory blocks). If so, \(consequence)"
            : "\(count) \(count == 1 ? "block" : "blocks") of \(name) \(count == 1 ? "is" : "are") online. "
                + consequence.capitalised
    }
}

extension StepHazards {
    /// What `step` does, as the subject of a clause: `unloading dax_cxl`.
    func doing(_ step: Step) -> String {
        switch step {
        case .unload(let module): "unloading \(module)"
        case .unbindHmem(let range): "unbinding dax_hmem from \(range)"
        default: "\(step)"
        }
    }
}

extension String {
    /// With its first letter in upper case, as at the beginning of a sentence.
    var capitalised: String { prefix(1).uppercased() + dropFirst() }

    /// With a capital, unless it begins with a name as `dax_hmem` or `/proc/iomem`; without a full stop.
    var asSentence: String {
        let text = hasSuffix(".") ? String(dropLast()) : self
        return text.prefix { $0 != " " }.allSatisfy { $0.isLetter } ? text.capitalised : text
    }
}

extension ModelConstants {
    /// `removable` is 1 for every block of a kernel that can remove memory (drivers/base/memory.c: removable_show()).
    fileprivate func cannotRemove(_ range: AddressRange) -> Hazard? {
        guard let block = memory.blocks(in: range).first(where: { $0.isRemovable == false }) else { return nil }
        return Hazard(
            id: .noHotremove,
            subject: "memory\(block.number)",
            why: "its attribute `removable` is 0: this kernel can't remove memory (CONFIG_MEMORY_HOTREMOVE)",
            fix: "boot a kernel with CONFIG_MEMORY_HOTREMOVE, or reboot without kmem"
        )
    }
}
