internal import Iomem
package import Machine

/// What is wrong, or worth knowing, about `machine`: the most severe first, then by address. Pure.
///
/// Of n ranges, regions, devices and lines of iomem it takes O(n log n), apart from the plans that fixes ask for.
///
/// - Parameter policies: The policies that a fix may apply; asked for only if a fix is looked for.
package func findings(of machine: MachineState, policies: @escaping () -> [Policy]) -> [Finding] {
    let examination = Examination(machine, policies: policies)
    let parts: [[Finding]] = [
        examination.doubleClaims, examination.undecoded, examination.regionsNotAssembled, examination.withoutOwner,
        examination.leaked, examination.lostRegions, examination.lostPmem, examination.unbindable,
        examination.driverRefusals,
        examination.firmwareSystemRAM, examination.softReserveOff, examination.hmemOverRegions,
        examination.lostCapacity, examination.autoOnline, examination.held,
    ]
    return parts.flatMap { $0 }.enumerated().sorted { one, other in
        let (left, right) = (one.element, other.element)
        return left.severity != right.severity ? left.severity < right.severity : one.offset < other.offset
    }.map(\.element)
}

/// What every finding looks at: the machine, and what follows from it.
struct Examination {
    let machine: MachineState
    /// The generation does not matter for what is there now.
    let model: KernelModel
    let owned: [OwnedRange]
    /// Memory of kmem whose device is gone.
    let leaks: [AddressRange]
    let remedies: Remedies
    /// The policies that a fix may apply.
    let policies: () -> [Policy]
    /// The dax devices of CXL and dax_hmem.
    let devices: [DaxDevice]
    /// The ram regions with bytes.
    let ramRegions: [(region: Region, range: AddressRange)]
    /// By the places of `ramRegions`.
    let regionIndex: RangeIndex
    /// The kernel's own memory since the boot.
    let systemRAM: RangeIndex
    private let blocked: Set<AddressRange>
    private let deviceIndex: HolderIndex
    private let leakIndex: RangeIndex
    private let failures: [String: [DriverFailure]]

    init(_ machine: MachineState, policies: @escaping () -> [Policy]) {
        self.machine = machine
        self.policies = policies
        model = KernelModel(of: machine, generation: machine.kernel.generation.value ?? .coordinated)
        owned = ownedRanges(of: machine)
        leaks = leakedRanges(of: machine)
        blocked = Set(model.blockedRanges)
        remedies = Remedies(machine, policies: policies)
        let devices = machine.daxDevices.filter { $0.owner != nil }
        self.devices = devices
        deviceIndex = HolderIndex(devices.map(\.ranges))
        ramRegions = machine.regions.filter { $0.mode == "ram" }.compactMap { region in
            region.range.map { (region, $0) }
        }
        regionIndex = RangeIndex(ramRegions.map(\.range))
        systemRAM = RangeIndex(model.constants.systemRAM)
        leakIndex = RangeIndex(leaks)
        failures = Dictionary(grouping: machine.driverFailures, by: \.subject)
    }

    /// Whether another line of iomem cuts `range` of a device, so no driver can bind.
    func isBlocked(_ range: AddressRange) -> Bool { blocked.contains(range) }

    /// Those of `devices` that have bytes of `range`, in their order.
    func devices(over range: AddressRange) -> [DaxDevice] {
        deviceIndex.places(overlapping: range).map { devices[$0] }
    }

    /// Whether leaked memory holds bytes of `device`, which explains why no driver can bind to it.
    private func isLeaked(_ device: DaxDevice) -> Bool { device.ranges.contains(where: leakIndex.overlaps) }

    /// The devices that no driver is bound to, but for those over leaked memory. Lines of iomem alone tell of no driver.
    var withoutDriver: [DaxDevice] {
        machine.lacks(.daxDevices) ? [] : devices.filter { $0.driver == nil && !isLeaked($0) }
    }

    /// The last of the kernel's lines about `subject` that fit.
    func failures(of subject: String, _ kinds: Set<DriverFailure.Kind>) -> [DriverFailure] {
        failures[subject]?.filter { kinds.contains($0.kind) } ?? []
    }

    /// A line of the kernel log as evidence.
    func quoted(_ failure: DriverFailure) -> String { "kernel log: \(failure.line)" }
}

/// The lines of iomem by their bytes.
struct IomemLines {
    private let entries: [IomemEntry]
    private let index: RangeIndex

    init(_ tree: IomemTree) {
        let entries = tree.flattened.map(\.entry)
        self.entries = entries
        index = RangeIndex(entries.map(\.range))
    }

    /// The lines that share a byte with `range`, in the order of the file.
    func over(_ range: AddressRange) -> [IomemEntry] { index.places(overlapping: range).map { entries[$0] } }
}
