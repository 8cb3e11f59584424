import Iomem
import Machine

/// Why the command that creates a region of persistent memory again can't be given, in a clause.
struct PmemObstacle: Error {
    let why: String
}

extension PmemRegion {
    /// What is on it: `1 namespace (fsdax, 254 MiB)`.
    var words: String {
        guard let volumes else { return "namespaces that were not recorded" }
        if volumes.isEmpty { return "no namespace" }
        let each = volumes.map { "\($0.mode), \(sizeText($0.size))" }.joined(separator: "; ")
        return "\(volumes.count) namespace\(volumes.count == 1 ? "" : "s") (\(each))"
    }
}

extension MachineState {
    /// The command of ndctl that creates the region of `layout` over the same bytes of the same devices, so the labels fit again:
    /// the kernel accepts a label if serial numbers, order and device bytes of all devices are those of its region
    /// (drivers/cxl/pmem.c: cxl_pmem_region_probe(), cookie1). The region's own uuid does not count, and cxl 76.1 takes none.
    func commandToCreate(_ layout: RegionLayout) -> Result<String, PmemObstacle> {
        func refused(_ why: String) -> Result<String, PmemObstacle> { .failure(PmemObstacle(why: why)) }
        if let unseen = whyDecodersAreUnseen {
            return refused(
                "\(unseen). Run `modprobe -a cxl_pmem cxl_acpi cxl_pci cxl_mem`, then `daxswitch status` again"
            )
        }
        if let why = whyWithoutBridge { return refused(why) }
        guard let granularity = layout.granularity, !layout.targets.isEmpty else {
            return refused("its layout was not recorded")
        }
        let root = decoders.first { $0.kind == .root && $0.range?.contains(layout.range) == true }
        guard let root else { return refused("no CXL window contains its bytes") }
        var devices: [String] = []
        for target in layout.targets {
            guard let identity = target.device, let bytes = target.dpa, let device = memdev(identity) else {
                return refused("its memory device \(target.device?.function ?? "") is missing")
            }
            if let other = decoders.first(where: { $0.memdev == device.name && $0.dpa?.overlaps(bytes) == true }) {
                return refused("\(other.name) has bytes of \(device.name) that were its own")
            }
            let earlier = lostPmem.first { other in
                other.layout.targets.contains {
                    $0.device == identity && ($0.dpa.map { $0.end < bytes.start } ?? false)
                }
            }
            if let earlier {
                return refused(
                    "the one over \(earlier.layout.range) has bytes of \(device.name) before it. Create that one first"
                )
            }
            devices.append(device.name)
        }
        return .success(
            "cxl create-region -m -t pmem -d \(root.name) -w \(devices.count) -g \(granularity) -s \(layout.range.size) "
                + "\(devices.joined(separator: " "))"
        )
    }

    /// Why a region of persistent memory that is created now would have no nvdimm bridge (`Rule.pmemNeedsBridge`), in a clause; nil if
    /// it has one, or if this kernel does not crash then.
    private var whyWithoutBridge: String? {
        let state = modules.state(of: "cxl_pmem")
        if [.live, .builtin].contains(state) { return nil }
        if let generation = kernel.generation.value, !Rule.pmemNeedsBridge.holds(for: generation) { return nil }
        let known =
            state == .unknown ? "it is not known whether cxl_pmem is loaded" : "cxl_pmem is \(state.words)"
        let crash = "the kernel crashes if it is loaded after the region is created (\(Rule.pmemNeedsBridge.id))"
        // Without it no label is read.
        if state == .missing { return "\(known). It is the driver that finds the labels" }
        return "\(known), and \(crash). Run `modprobe cxl_pmem`, then `daxswitch status` again"
    }

    /// The state of the labels on the devices of a region, a line for each.
    func labelEvidence(of layout: RegionLayout) -> [String] {
        layout.targets.compactMap(\.device).compactMap { device in
            // Two that can't be read are not the same number.
            guard let serial = parseNumber(device.serial),
                let labels = pmemLabels.first(where: { $0.serial.flatMap { parseNumber($0) } == serial })
            else { return nil }
            let slots = labels.freeSlots.map { "room for \($0) more labels" } ?? "no labels that the kernel can read"
            return "/sys/bus/nd/devices/\(labels.name)/available_slots: \(slots) (serial \(device.serial))"
        }
    }
}
