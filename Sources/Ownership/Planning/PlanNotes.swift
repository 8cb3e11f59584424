import Iomem
import Machine

// What a reader of a plan should know and no step or owner shows, a sentence each.

extension Plan {
    /// What the steps leave alone, where a policy's order would not.
    var handOverNotes: [String] {
        guard policy != nil, steps.contains(where: { [.unbindHmem, .bindRegion].contains($0.verb) }) else { return [] }
        return ["Unlike in the policy's order, no module is unloaded: other memory keeps its driver and its use."]
    }
}

extension MachineState {
    /// What steps on modules do where the module is part of the kernel image.
    func bindingNotes(of steps: [Step]) -> [String] {
        steps.compactMap(\.module).uniqued().compactMap { module in
            guard let driver = modules.builtinDriver(of: module), driver.isRegistered else { return nil }
            let devices = driver.devices.map(\.name).joined(separator: ", ")
            return
                "\(module) is built into the kernel: unload:\(module) unbinds its driver from \(devices), and "
                + "load:\(module) binds it again. Nothing can load it meanwhile, so no hold is needed."
        }
    }
}

extension Planner.Walk {
    /// What memory blocks can't hold of the devices that kmem has afterwards, in every model.
    var capacityNotes: [String] {
        let models = builder.models
        guard !steps.isEmpty, let first = models.first else { return [] }
        let lost = models.dropFirst().reduce(Set(first.lostCapacity)) { $0.intersection($1.lostCapacity) }.sorted()
        if lost.isEmpty { return [] }
        let block = sizeText(first.constants.memory.blockSize)
        return [
            "\(lost.amount) are not used: memory is added in whole blocks of \(block) (\(lost.words))."
        ]
    }
}
