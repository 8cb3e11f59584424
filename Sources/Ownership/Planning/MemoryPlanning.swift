import Iomem
import Machine

// What giving memory back adds to an order.
extension Planner {
    /// `order` with the memory of every device whose driver would go taken offline before it, and, unless it is to be left
    /// idle, put to the use that it had after it.
    func givingMemoryBack(_ order: [Step], leavingIdle: Bool) -> [Step] {
        let going = machine.daxDevices.filter { device in device.owner != nil && goes(device, order) }
        let ranges = going.flatMap(\.ranges)
        let online = going.filter { $0.driver == "kmem" }.flatMap(\.ranges).filter { range in
            machine.memory.blocks(in: range).contains(where: \.isOnline)
        }
        let without = online.map(Step.offlineMemory) + order
        if leavingIdle { return without }
        let end = without.reduce(start.worlds) { worlds, step in worlds.flatMap { $0.applying(step).worlds } }
        let restored = ranges.flatMap(machine.usesToRestore).uniqued().filter { step in
            // Where nobody owns the bytes afterwards, or nothing decodes them, there is no use to go back to.
            end.allSatisfy { world in
                world.applying(step).refusal == nil
                    && !world.undecoded.contains { step.range?.overlaps($0) == true }
            }
        }
        return without + restored
    }

    /// Whether a step of `order` takes the device away, or its driver.
    private func goes(_ device: DaxDevice, _ order: [Step]) -> Bool {
        var worlds = start.worlds
        for step in order {
            worlds = worlds.flatMap { $0.applying(step).worlds }
            let stays = worlds.allSatisfy { world in
                world.claims.contains { $0.device == device.name && $0.driver == device.driver }
            }
            if !stays { return true }
        }
        return false
    }
}
