import Iomem
import Machine

/// Who may own Soft Reserved memory now, on a machine whose material does not have the dax devices.
struct UnrecordedOwners {
    let fact: UnknownFact

    /// Nil if the devices are known, or every range has one.
    init?(of machine: MachineState, _ model: KernelModel) {
        guard machine.lacks(.daxDevices) else { return nil }
        let claimed = RangeIndex(model.claims.flatMap(\.ranges))
        let free = model.constants.ranges.filter { !claimed.overlaps($0) }
        let windows = machine.lacks(.acpiTables) && model.constants.windows.isEmpty ? free : model.constants.windows
        let regions = model.regions.map(\.range).filter { !claimed.overlaps($0) }
        let inWindows = free.flatMap(RangeIndex(windows).intersections).flatMap(RangeIndex(regions).remainder)
        let covered = model.constants.generation == .hmemOnly ? [] : (regions + inWindows).sorted()
        guard !free.isEmpty || !covered.isEmpty else { return nil }
        var others: [Assumption] = []
        if !free.isEmpty { others.append(.hmemOwns(free)) }
        if !covered.isEmpty { others.append(.cxlOwns(covered)) }
        let names = (free + regions).merged().words
        fact = UnknownFact(
            .unrecordedOwners,
            "the recording does not include the dax devices: who owns \(names) now is not known",
            or: others
        )
    }
}

extension UnknownFact {
    /// Without the CEDT only `/proc/iomem` has windows, and only while `cxl_acpi` is bound.
    static func unrecordedWindows(on machine: MachineState, _ model: KernelModel) -> UnknownFact? {
        guard machine.lacks(.acpiTables), model.constants.windows.isEmpty, model.constants.generation != .hmemOnly,
            !model.constants.ranges.isEmpty
        else { return nil }
        let ranges = model.constants.ranges
        return UnknownFact(
            .unrecordedWindows,
            "the recording does not include the ACPI tables: a CXL window may cover "
                + ranges.words,
            or: [.windowsLie(ranges, withRegions: false), .windowsLie(ranges, withRegions: true)]
        )
    }

    /// Without the memory blocks, memory that kmem added may be online: it is stuck if its driver goes then.
    static func unrecordedBlocks(on machine: MachineState, _ model: KernelModel) -> UnknownFact? {
        guard machine.lacks(.memoryBlocks) else { return nil }
        let ranges = model.claims.filter { $0.driver == "kmem" }.flatMap(\.ranges)
        guard !ranges.isEmpty else { return nil }
        return UnknownFact(
            .unrecordedBlocks,
            "the recording does not include the memory blocks: whether memory of kmem at \(ranges.words) is online is not "
                + "known",
            or: [.memoryIsOnline(ranges)]
        )
    }

    /// The modules that decide who owns. `cxl_acpi` is known from its lines in `/proc/iomem`: without a window it does
    /// nothing.
    private static let deciding = ["dax_hmem", "dax_cxl", "cxl_pci", "cxl_mem", "cxl_port"]

    /// Without `/proc/modules`, a module of which nothing else tells may be in: taking it away, or not loading it because it
    /// is there, has its effects then.
    static func unrecordedModules(on machine: MachineState, _ model: KernelModel) -> UnknownFact? {
        guard machine.lacks(.modules) else { return nil }
        let names = deciding.filter { name in
            machine.modules.state(of: name) == .unknown
                && !(name == "dax_cxl" && model.constants.generation == .hmemOnly)
        }
        guard !names.isEmpty else { return nil }
        return UnknownFact(
            .unrecordedModules,
            "the recording does not include the loaded modules: whether \(names.joined(separator: ", ")) are loaded is not known",
            or: [.modulesAreIn(names)]
        )
    }
}

extension KernelModel {
    /// The model where dax_hmem holds `ranges`.
    func withHmem(over ranges: [AddressRange]) -> KernelModel {
        var model = self
        if !model.isIn("dax_hmem") { model.loaded.insert("dax_hmem") }
        model.claims += ranges.map {
            DaxClaim(owner: .hmem, ranges: [$0], reserved: [$0], through: "hmem over \($0)")
        }
        return model
    }

    /// The model where the CXL drivers hold `ranges`, each through a region of its own.
    func withCxl(over ranges: [AddressRange]) -> KernelModel {
        let needed =
            ["cxl_acpi", "cxl_pci", "cxl_mem", "cxl_port", "dax_cxl"] + (constants.hasInitialProbe ? ["dax_hmem"] : [])
        var model = withConstants { constants in
            let unseen = ranges.filter { !constants.meetsWindow($0) }
            constants.suppose(windows: unseen)
        }
        model.loaded.formUnion(needed.filter { !constants.builtin.contains($0) })
        model.windowsAreLive = true
        var places = Dictionary(model.regions.enumerated().map { ($1.range, $0) }) { first, _ in first }
        for range in ranges {
            let known = places[range]
            places[range] = known ?? model.regions.count
            var region = known.map { model.regions[$0] } ?? ModelRegion(waitingOver: range, isLocked: false)
            region.life = .present(.assembled)
            if let known { model.regions[known] = region } else { model.regions.append(region) }
            model.claims.append(
                DaxClaim(owner: .cxl, ranges: [range], reserved: [range], through: region.name)
            )
        }
        return model
    }
}
