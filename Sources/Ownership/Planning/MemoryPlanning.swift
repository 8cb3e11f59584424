import Iomem
import Machine

// What giving memory back adds to an order.
extension Planner {
    /// `order` with the memory of every device whose driver would go taken offline before it, and, unless it is to be left
    /// idle, put to the use that it had after it.
    func givingMemoryBack(_ order: [Step], leavingIdle: Bool) -> [Step] {
        let staying = staying(during: order)
        let going = machine.daxDevices.filter { device in
            device.owner != nil && !staying.contains(BoundDevice(name: device.name, driver: device.driver))
        }
        let ranges = going.flatMap(\.ranges)
        let online = going.filter { $0.driver == "kmem" }.flatMap(\.ranges).filter { range in
            machine.memory.blocks(in: range).contains(where: \.isOnline)
        }
        let without = online.map(Step.offlineMemory) + order
        if leavingIdle { return without }
        var end = without.reduce(start.models) { models, step in models.flatMap { $0.applying(step).models } }
        let split = machine.splitRegions.filter { $0.devices.allSatisfy(going.contains) }
        var (splits, unmade): ([Step], [AddressRange]) = ([], [])
        for region in split {
            if region.isWhole, let after = Self.doing(region.splits, in: end) {
                splits += region.splits
                end = after
            } else {
                // There are no such devices to use.
                unmade += region.devices.flatMap(\.ranges)
            }
        }
        let missing = Set(unmade)
        let restored = machine.usesToRestore(over: ranges.filter { !missing.contains($0) }).filter { step in
            // Where nobody owns the bytes afterwards, or nothing decodes them, there is no use to go back to.
            end.allSatisfy { model in
                model.applying(step).refusal == nil
                    && !model.undecoded.contains { step.range?.overlaps($0) == true }
            }
        }
        return without + splits + restored
    }

    /// A device with the driver that it has.
    private struct BoundDevice: Hashable {
        var name: String?
        var driver: String?
    }

    /// The devices that no step of `order` takes away, nor their drivers.
    private func staying(during order: [Step]) -> Set<BoundDevice> {
        var models = start.models
        var staying = Set(machine.daxDevices.map { BoundDevice(name: $0.name, driver: $0.driver) })
        for step in order {
            models = models.flatMap { $0.applying(step).models }
            for model in models {
                staying.formIntersection(model.claims.map { BoundDevice(name: $0.device, driver: $0.driver) })
            }
        }
        return staying
    }
}
