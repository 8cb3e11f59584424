import Iomem
import Machine

// What loading a module does. Each function is what the kernel does, in its order.
extension KernelModel {
    /// Loads `module` as modprobe would, or, while held, with its hard dependencies alone.
    func loading(_ module: String) -> StepOutcome {
        if has(module) { return StepOutcome(self) }
        if let refusal = modules.refusalToLoad(module) ?? (isHeld ? nil : modules.lookUpRefusal(module)) {
            return StepOutcome(self, refusal: refusal)
        }
        if generation == .hmemOnly && module == "dax_cxl" {
            return StepOutcome(self, refusal: "this kernel has no module dax_cxl (ENOENT, from libkmod)")
        }
        var world = self
        switch module {
        case "cxl_acpi":
            if isHeld {
                return StepOutcome(
                    self,
                    refusal: "the hold keeps cxl_acpi out: release it first (no errno, the kernel is not asked)"
                )
            }
            world.loadCxlAcpi()
        case "cxl_pci", "cxl_mem", "cxl_port": world.loadCxl(module)
        case "dax_hmem": return world.loadingDaxHmem()
        case "dax_cxl": return world.loadingDaxCxl()
        case "kmem":
            world.loaded.insert(module)
            world.bindKmem()
        default:
            world.insertNeeds(of: module)
            world.loaded.insert(module)
        }
        return StepOutcome(world)
    }

    /// Loading dax_hmem makes the kernel ask for the CXL modules.
    var asksForCxl: Bool { generation == .coordinated || generation == .unfixed }

    private mutating func loadCxlAcpi() {
        guard !has("cxl_acpi"), !isHeld, modules.refusalToLoad("cxl_acpi") == nil else { return }
        insertNeeds(of: "cxl_acpi")
        if !has("cxl_port") { loaded.insert("cxl_port") }
        loaded.insert("cxl_acpi")
        windowsAreLive = !windows.isEmpty
        showRegions()
    }

    private mutating func loadCxl(_ module: String) {
        guard !has(module), modules.refusalToLoad(module) == nil else { return }
        insertNeeds(of: module)
        loaded.insert(module)
        showRegions()
    }

    private mutating func insertNeeds(of module: String) {
        for needed in modules.needs(of: module) where !has(needed) { loaded.insert(needed) }
    }

    /// Regions that wait in programmed decoders appear once window, port and endpoints are there; those that lost their
    /// endpoints have them again.
    private mutating func showRegions() {
        guard seesDecoders, generation != .hmemOnly else { return }
        for index in regions.indices where !regions[index].isPresent || regions[index].isDetached {
            if regions[index].isDetached { regions[index].attach() }
            regions[index].isPresent = true
            regions[index].lacksBridge = regions[index].mode == "pmem" && !has("cxl_pmem")
            let range = regions[index].range
            // drivers/cxl/core/region.c: cxl_region_probe() makes no dax_region over System RAM.
            if claims.contains(where: { $0.driver == "kmem" && $0.overlaps(range) })
                || (leaked + systemRAM).contains(where: range.overlaps)
            {
                regions[index].assembled = false
            }
        }
        if has("dax_cxl") { claimRegions() }
    }

    private func loadingDaxHmem() -> StepOutcome {
        var world = self
        if loadsCxlFirst && !isHeld {
            // cxl_pmem comes before them, where modprobe's configuration has no command in place of a module that it needs
            // (that of ndctl has one for libnvdimm): daxswitch runs none, so that it does not count.
            if modules.lookUpRefusal("cxl_acpi") == nil { world.loadCxlAcpi() }
            for module in ["cxl_pci", "cxl_mem"] where modules.lookUpRefusal(module) == nil { world.loadCxl(module) }
        } else if asksForCxl && !isHeld {
            if modules.isGranted("cxl_acpi") { world.loadCxlAcpi() }
            if modules.isGranted("cxl_pci") { world.loadCxl("cxl_pci") }
        } else if modules.hmemBringsAcpi && !isHeld {
            world.loadCxlAcpi()
        }
        world.insertNeeds(of: "dax_hmem")
        world.loaded.insert("dax_hmem")
        return StepOutcome(world.probingHmem())
    }

    private func loadingDaxCxl() -> StepOutcome {
        var worlds = [self]
        if asksForCxl && !has("dax_hmem") { worlds = loadingDaxHmem().worlds }
        return StepOutcome(
            worlds.map { world in
                var world = world
                world.loaded.insert("dax_cxl")
                world.claimRegions()
                return world
            }
        )
    }

    /// drivers/dax/hmem/hmem.c: hmem_register_device() for every HMEM range.
    private func probingHmem() -> [KernelModel] {
        var world = self
        var raced: KernelModel?
        var metWindow = false
        for range in ranges {
            let meets = windowsAreLive && meetsKnownWindow(range)
            metWindow = metWindow || meets
            let region = regions.first { $0.isPresent && $0.committed && $0.range.contains(range) }
            switch (generation, meets) {
            case (.hmemOnly, _): world.claimByHmem(range, .hmemOwnsAll, "this kernel has no dax_cxl")
            case (_, false) where meetsKnownWindow(range):
                world.claimByHmem(range, .noWindow, "cxl_acpi is out, so that \(range) meets no window in iomem")
            case (_, false): world.claimByHmem(range, .outsideWindows, "\(range) meets no CXL window")
            case (.deferring, true): world.leave(range, .deferToCxl, "\(range) meets a CXL window")
            case (_, true) where probeIsPending && region != nil:
                world.leave(range, .initialProbeRegion, "\(region?.name ?? "") contains \(range) at the initial probe")
            case (_, true) where probeIsPending:
                world.claimByHmem(
                    range,
                    .initialProbeHmem,
                    "no committed region contains \(range) at the initial probe"
                )
            case (.unfixed, true) where !regions.contains(where: { $0.canBeClaimed && $0.range.overlaps(range) }):
                world.claimByHmem(range, .reloadRace, "no region is there that dax_cxl could register first")
            case (.unfixed, true):
                var other = raced ?? world
                other.leave(range, .reloadRace, "dax_cxl registers \(range) first")
                raced = other
                world.claimByHmem(range, .reloadRace, "dax_hmem registers \(range) first")
            case (_, true):
                world.leave(range, .laterProbeDefers, "the initial probe is over and \(range) meets a CXL window")
            }
        }
        return [world, raced].compactMap { $0 }.map { metWindow ? $0.with(pending: false) : $0 }
    }

    private mutating func leave(_ range: AddressRange, _ rule: Rule, _ why: String) {
        decide(range, [rule], why)
    }

    private mutating func claimByHmem(_ range: AddressRange, _ rule: Rule, _ why: String) {
        guard range.isAligned(to: 2 << 20) else {
            leave(range, .alignment, "\(range) is not aligned to 2 MiB")
            return
        }
        if asksForCxl, let other = claims.first(where: { $0.excludes(range) }) {
            decide(range, [rule, .firstClaimWins], "\(other.through) already holds bytes of \(range)")
            return
        }
        if regionIsIdle {
            decide(range, [rule, .regionIdle], "dax_hmem.region_idle is set: its region has no device")
            claims.append(
                DaxClaim(
                    owner: .hmem,
                    ranges: [],
                    reserved: [range],
                    through: "hmem",
                    device: nil,
                    driver: nil,
                    users: []
                )
            )
            return
        }
        leave(range, rule, why)
        claims.append(DaxClaim(owner: .hmem, ranges: [range], through: "hmem", device: nil, driver: nil, users: []))
        if has("kmem") { bindKmem() }
    }

    /// drivers/dax/cxl.c: cxl_dax_region_probe() for every assembled ram region.
    private mutating func claimRegions() {
        for region in regions where region.canBeClaimed {
            if claims.contains(where: { $0.owner == .cxl && $0.excludes(region.range) }) { continue }
            if asksForCxl && claims.contains(where: { $0.excludes(region.range) }) {
                decide(
                    region.range,
                    [.firstClaimWins],
                    "dax_hmem holds bytes of \(region.name): dax_cxl fails on it (-ENOMEM)"
                )
                continue
            }
            guard region.range.isAligned(to: 2 << 20) else {
                leave(region.range, .alignment, "\(region.name) is not aligned to 2 MiB")
                continue
            }
            claims.append(
                DaxClaim(owner: .cxl, ranges: [region.range], through: region.name, device: nil, driver: nil, users: [])
            )
        }
        if has("kmem") { bindKmem() }
    }

    /// A dax device of dax_hmem or dax_cxl is of the kmem type: kmem takes it at once where iomem lets it, and where it
    /// holds a whole memory block (drivers/dax/kmem.c: dev_dax_kmem_probe()).
    private mutating func bindKmem() {
        guard kmemComesUnasked else { return }
        for index in claims.indices where claims[index].driver == nil {
            let added = claims[index].ranges.compactMap(memoryBlocks)
            if added.isEmpty || added.contains(where: isBlocked) { continue }
            if claims.enumerated().contains(where: { other in
                other.offset != index && other.element.driver != nil && added.contains { other.element.overlaps($0) }
            }) {
                continue
            }
            claims[index].driver = "kmem"
            if onlinesBlocks { added.forEach { putOnline($0) } }
        }
    }

    /// mm/memory_hotplug.c: add_memory_resource() onlines what it adds, block by block.
    private mutating func putOnline(_ range: AddressRange) {
        let alreadyOnline = onlineBlocks.merged()
        for start in stride(from: range.start, through: range.end, by: Int(max(blockSize, 1 << 20))) {
            guard let block = AddressRange(start: start, size: max(blockSize, 1 << 20)) else { continue }
            if !alreadyOnline.contains(where: block.overlaps) { onlineBlocks.append(block) }
        }
    }

    /// Whether a resource in iomem cuts `range`, so that no driver can reserve it (-EBUSY).
    func isBlocked(_ range: AddressRange) -> Bool {
        let cutters =
            (windowsAreLive ? windows : []) + regions.filter { $0.isPresent && $0.hasLine }.map(\.range)
            + softReservedLines + leaked
        return cutters.contains { $0.overlaps(range) && !$0.contains(range) } || leaked.contains { $0.overlaps(range) }
    }
}
