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

extension Planner.Walk {
    /// What the result leaves out of `steps`, which somebody asked for: a kernel refuses one of them, or they change nothing.
    func notes(of steps: [Step]) -> [String] {
        var notes: [String] = []
        if let refused {
            let after = steps.count - refused - 1
            let rest =
                after == 0
                ? "It is the last one."
                : "The \(after == 1 ? "step" : "\(after) steps") after it "
                    + "\(after == 1 ? "is" : "are") predicted as if you go on without it. `daxswitch apply` would stop there."
            notes.append("The kernel would refuse step \(refused + 1) of \(steps.count) (\(steps[refused])). \(rest)")
        }
        if !needless.isEmpty && needless.count < steps.count {
            let named = needless.prefix(Self.namesAtMost).map { steps[$0].description }
            let more = needless.count - named.count
            notes.append(
                "\(needless.count) of \(steps.count) steps \(needless.count == 1 ? "changes" : "change") nothing and "
                    + "\(needless.count == 1 ? "is" : "are") left out: \(named.joined(separator: ", "))"
                    + (more > 0 ? ", and \(more) more." : ".")
            )
        }
        return notes
    }

    /// The most steps that a note names.
    private static let namesAtMost = 6
}
