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
        let end = without.reduce(start.models) { models, step in models.flatMap { $0.applying(step).models } }
        let restored = ranges.flatMap(machine.usesToRestore).uniqued().filter { step in
            // Where nobody owns the bytes afterwards, or nothing decodes them, there is no use to go back to.
            end.allSatisfy { model in
                model.applying(step).refusal == nil
                    && !model.undecoded.contains { step.range?.overlaps($0) == true }
            }
        }
        return without + restored
    }

    /// Whether a step of `order` takes the device away, or its driver.
    private func goes(_ device: DaxDevice, _ order: [Step]) -> Bool {
        var models = start.models
        for step in order {
            models = models.flatMap { $0.applying(step).models }
            let stays = models.allSatisfy { model in
                model.claims.contains { $0.device == device.name && $0.driver == device.driver }
            }
            if !stays { return true }
        }
        return false
    }
}
