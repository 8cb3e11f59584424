internal import Iomem
internal import Machine

/// Finds what is missing from a reading, by what its other files say must be there.
///
/// An absent file reads as an absent device. In a tree that is torn, or in the moment in which a device goes, that would
/// become an answer that is certain and wrong.
struct Completeness {
    let state: MachineState
    /// The names of the dax regions below each region.
    let daxRegions: [String: [String]]
    let sources: MachineSources
    private let roots: [AddressRange]
    /// The names of the memory devices' decoders that are programmed.
    private let programmed: Set<String>
    /// `cxl list` without endpoints has the regions and not the decoders that they have as targets.
    private let lacksEndpointDecoders: Bool
    private var tree: any FileTree { sources.tree }

    init(state: MachineState, daxRegions: [String: [String]], sources: MachineSources) {
        self.state = state
        self.daxRegions = daxRegions
        self.sources = sources
        roots = state.decoders.filter { $0.kind == .root }.compactMap(\.range)
        let endpoints = state.decoders.filter { $0.kind == .endpoint }
        programmed = Set(endpoints.filter { $0.range != nil }.map(\.name))
        lacksEndpointDecoders =
            !state.material.unrecorded.isEmpty && endpoints.isEmpty
            && state.regions.contains { !$0.targets.isEmpty }
    }

    /// The first gap, with the file and the fact that asks for it; nil without a gap.
    func firstGap() throws(InspectionError) -> String? {
        if let gap = try busGap() { return gap }
        for region in state.regions {
            if let gap = regionGap(region) { return gap }
        }
        if let gap = try deviceGap() { return gap }
        if let gap = memoryGap() { return gap }
        // A running machine lives with whatever its firmware says.
        return tree.isLive ? nil : FirmwareCompleteness(state: state, sources: sources).firstGap()
    }

    /// What a running machine can lack, though it hardly ever does: of a recording, it may be lost. A sentence each.
    func oddities() -> [String] {
        let firmware = FirmwareCompleteness(state: state, sources: sources)
        return [unlistedRoot, undecodedWindow, unlistedEndpoints].compactMap { $0 } + state.regions.compactMap(lockGap)
            + firmware.oddities()
    }

    private static let cxl = "/sys/bus/cxl"
    private static let dax = "/sys/bus/dax"

    private func gap(_ path: String, _ reason: String) -> String {
        "\(tree.display(path)) is missing, but \(reason)"
    }

    /// cxl_core registers the bus as it is loaded, and each window of cxl_acpi is the range of a root decoder
    /// (drivers/cxl/acpi.c: cxl_acpi_probe()).
    private func busGap() throws(InspectionError) -> String? {
        if state.lacks(.cxlDevices) { return nil }
        let loaded = state.modules.loaded.filter { $0.value.isLive && $0.key.hasPrefix("cxl_") }.keys.sorted()
        if let module = loaded.first, !tree.exists(Self.cxl) { return gap(Self.cxl, "/proc/modules lists \(module)") }
        // Links that lead nowhere are refused.
        for name in sources.cxlDevices where name.isNumbered("dax_region") {
            _ = try tree.device("\(Self.cxl)/devices/\(name)")
        }
        if !isBound || !tree.exists("\(Self.cxl)/devices"), let gap = undecodedWindow { return gap }
        let lines = state.iomem.entries { $0.isNumbered("region") }
        let windows = RangeIndex(state.windows.filter(\.isLive).map(\.range))
        let names = Set(state.regions.map(\.name))
        return lines.first { !names.contains($0.name) && windows.hasContainer(of: $0.range) }.map { line in
            gap("\(Self.cxl)/devices/\(line.name)", "/proc/iomem has \(line.name) at \(line.range)")
        }
    }

    /// A window line without a root decoder. While `cxl_acpi` is bound the kernel may have failed to make it.
    private var undecodedWindow: String? {
        if state.lacks(.cxlDevices) { return nil }
        let roots = RangeIndex(roots)
        let without = RangeIndex(sources.fixedWindows.windows.filter(\.lacksDecoder).map(\.range))
        let failed = Set(sources.log.failedDecodeRanges.map(\.start))
        // Something else than a lost part of the tree says why a window has no root decoder: `cxl_acpi` keeps the window of a
        // record for iomem before it makes the decoder, and where that fails it goes on (drivers/cxl/acpi.c: __cxl_parse_cfmws()).
        let window = state.windows.first { window in
            window.isLive && !roots.overlaps(window.range) && !without.overlaps(window.range)
                && !failed.contains(window.range.start)
        }
        return window.map {
            gap("\(Self.cxl)/devices/decoder0.*", "/proc/iomem has a CXL Window line at \($0.range)")
        }
    }

    /// The kernel puts all lines there at once; one that lies past the last address has none.
    private var unlistedRoot: String? {
        let windows = RangeIndex(state.windows.map(\.range))
        guard state.windows.contains(where: \.isLive), let root = roots.first(where: { !windows.overlaps($0) }) else {
            return nil
        }
        return
            "\(tree.display("/proc/iomem")) has no CXL Window line at \(root), but \(Self.cxl)/devices has a root "
            + "decoder for it"
    }

    /// `cxl_acpi` is bound. When it goes, its link is the first thing to go and the lines in iomem are the last
    /// (drivers/base/dd.c: __device_release_driver()).
    private var isBound: Bool {
        sources.platformDevices.contains {
            $0.hasPrefix("ACPI0017") && tree.linkName("/sys/bus/platform/devices/\($0)/driver") == "cxl_acpi"
        }
    }

    private func lockGap(_ region: Region) -> String? {
        let release = KernelVersion(state.kernel.release)
        // Without the coordination's own traces the release says nothing: builds carry what others have.
        let coordinates = state.kernel.generation.value == .coordinated
        guard region.locked == nil, coordinates, let release, release >= .coordinating,
            state.material.unrecorded.isEmpty
        else {
            return nil
        }
        return gap("\(Self.cxl)/devices/\(region.name)/locked", "kernel \(state.kernel.release) has this attribute")
    }

    private var unlistedEndpoints: String? {
        guard lacksEndpointDecoders else { return nil }
        let targets = state.regions.flatMap(\.targets).joined(separator: ", ")
        return "the decoders of memory devices are missing, but regions have them as targets: \(targets)"
    }

    /// A region is committed when each of its targets is programmed (drivers/cxl/core/region.c: commit_store()).
    private func regionGap(_ region: Region) -> String? {
        let path = "\(Self.cxl)/devices/\(region.name)"
        let release = KernelVersion(state.kernel.release)
        guard region.committed, !state.lacks(.cxlDevices) else { return nil }
        let reason = "\(path)/commit is 1"
        if region.mode == "none", state.material.unrecorded.isEmpty, let release,
            release >= KernelVersion(major: 6, minor: 3)
        {
            return gap("\(path)/mode", reason)
        }
        if region.range == nil { return gap("\(path)/resource", reason) }
        let ways = tree.optionalValue("\(path)/interleave_ways").flatMap { Int($0) } ?? 1
        if region.targets.count < ways { return gap("\(path)/target\(region.targets.count)", reason) }
        if lacksEndpointDecoders { return nil }
        for target in region.targets where !programmed.contains(target) {
            return
                "the range of \(tree.display("\(Self.cxl)/devices/\(target)")) is missing, but \(region.name) has it as "
                + "a target and \(reason)"
        }
        return nil
    }

    /// Each dax device below an hmem device or a region is on the dax bus, and so is each that a driver has.
    private func deviceGap() throws(InspectionError) -> String? {
        let hmem = state.hmemDevices.map { "/sys/bus/platform/devices/\($0.name)" }
        let regions = state.regions.flatMap { region in
            (daxRegions[region.name] ?? []).map { "\(Self.cxl)/devices/\(region.name)/\($0)" }
        }
        let names = Set(state.daxDevices.map(\.name))
        let unbound = Set(state.daxDevices.filter { $0.driver == nil }.map(\.name))
        for parent in hmem + regions {
            for name in try tree.names(in: parent, where: Self.isDaxDevice) where !names.contains(name) {
                return gap("\(Self.dax)/devices/\(name)", "\(parent)/\(name) exists")
            }
        }
        for driver in try tree.names(in: "\(Self.dax)/drivers", where: { _ in true }) {
            for name in try tree.names(in: "\(Self.dax)/drivers/\(driver)", where: Self.isDaxDevice)
            where unbound.contains(name) {
                return gap("\(Self.dax)/devices/\(name)/driver", "\(Self.dax)/drivers/\(driver)/\(name) exists")
            }
        }
        return nil
    }

    private static func isDaxDevice(_ name: String) -> Bool {
        name.hasPrefix("dax") && name.dropFirst(3).allSatisfy { $0.isASCIIDigit || $0 == "." } && name.count > 3
    }

    /// kmem adds whole blocks (drivers/dax/kmem.c: dax_kmem_range()), and they stay as long as its line does.
    private func memoryGap() -> String? {
        if state.lacks(.memoryBlocks) { return nil }
        let directory = "/sys/devices/system/memory"
        let blocks = RangeIndex(state.memory.blocks.map(\.range))
        for line in state.iomem.entries(where: { $0 == "System RAM (kmem)" }) {
            guard let part = blocks.remainder(of: line.range).first else { continue }
            return gap(
                "the state of the memory blocks of \(part) in \(directory)",
                "/proc/iomem has System RAM (kmem) there"
            )
        }
        guard state.memory.blockSize > 0, state.memory.autoOnline == nil, state.material.unrecorded.isEmpty else {
            return nil
        }
        return gap("\(directory)/auto_online_blocks", "\(directory)/block_size_bytes exists")
    }
}
