import Iomem
import Machine

extension ProofScenario {
    /// What a reader finds in every state of the scenario: kernel, firmware's memory, windows that are not live.
    var machine: MachineState {
        var kernel = Kernel(release: generation.rawValue)
        kernel.generation = Finding(generation, evidence: ["the proof says so"])
        kernel.showsSoftReserved = generation == .hmemOnly
        var machine = MachineState(kernel: kernel, iomem: IomemTree(inFileOrder: []))
        machine.modules.builtin = ProofState.builtin
        machine.softReserved = ranges.map { SoftReservedRange(range: $0, sources: ["proof"]) }
        machine.windows = windows.map {
            Window(range: $0, number: nil, isLive: false, isFixed: cover.hasLocks, sources: ["proof"])
        }
        machine.memory.blockSize = cells.first?.size ?? 0
        machine.memdevs = [Memdev(name: "mem0", hasEndpoint: true)]
        return machine
    }

    /// The machine before any module is loaded, as it really is.
    var boot: KernelModel {
        var world = KernelModel(of: machine, generation: generation)
        world.regions = regions.compactMap { ModelRegion($0, decoders: decoders, seesEndpoints: true) }
        for index in world.regions.indices { world.regions[index].isPresent = false }
        world.probeIsPending = generation == .coordinated || generation == .unfixed
        let inWindows = ranges.flatMap { range in windows.compactMap { $0.intersection(range) } }
        world.undecoded = inWindows.flatMap { $0.subtracting(decoders.compactMap(\.range)) }
        return world
    }
}

extension ProofState {
    /// The machine as a reader of sysfs and procfs would find it: what the planner gets to see of this state.
    var machine: MachineState {
        var machine = scenario.machine
        machine.iomem = IomemTree(inFileOrder: added)
        for (position, name) in world.loaded.sorted().enumerated() {
            machine.modules.loaded[name] = LoadedModule(
                isLive: true,
                references: 0,
                users: [],
                address: 0,
                position: position
            )
        }
        for index in machine.windows.indices where world.windowsAreLive {
            machine.windows[index].isLive = true
            machine.windows[index].number = index
        }
        machine.regions = regions
        machine.decoders = world.seesDecoders ? scenario.decoders.filter(isProgrammed) : []
        machine.daxDevices = world.claims.map { claim in
            DaxDevice(
                name: claim.device ?? claim.through,
                ranges: claim.ranges,
                owner: claim.owner,
                through: claim.through,
                driver: claim.driver
            )
        }
        machine.memory.blocks = world.onlineBlocks.enumerated().map { number, block in
            MemoryBlock(number: number, range: block, isOnline: true, zone: nil)
        }
        machine.initialProbe = Finding(world.probeIsPending ? .pending : .done, evidence: ["the proof says so"])
        machine.remembered = remembered
        machine.decodersAsAtBoot = Finding(!wasBound, evidence: ["the proof says so"])
        machine.isHeld = world.isHeld
        return machine
    }

    /// The lines of kmem, which are all that the model reads from iomem itself.
    private var added: [IomemEntry] {
        (world.leaked + world.claims.filter { $0.driver == "kmem" }.flatMap(\.ranges)).uniqued().sorted()
            .map { IomemEntry(range: $0, name: "System RAM (kmem)") }
    }

    private var regions: [Region] {
        world.regions.filter(\.isPresent).compactMap { present in
            guard var region = scenario.regions.first(where: { $0.name == present.name }) else { return nil }
            region.committed = present.committed
            region.assembled = present.assembled
            if present.isDetached || world.undecoded.contains(where: present.range.overlaps) { region.targets = [] }
            return region
        }
    }

    private func isProgrammed(_ decoder: Decoder) -> Bool {
        guard let range = decoder.range else { return false }
        return !world.undecoded.contains { $0.overlaps(range) }
    }
}
