internal import Iomem
package import Machine

/// What is wrong, or worth knowing, about `machine`: the most severe first, then by address. Pure.
///
/// - Parameter policies: The policies that a fix may apply; asked for only if a fix is looked for.
package func findings(of machine: MachineState, policies: @escaping () -> [Policy]) -> [Finding] {
    let examination = Examination(machine, policies: policies)
    let parts: [[Finding]] = [
        examination.doubleClaims, examination.undecoded, examination.regionsNotAssembled, examination.withoutOwner,
        examination.leaked, examination.lostRegions, examination.unbindable, examination.driverRefusals,
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
    private let blocked: Set<AddressRange>

    init(_ machine: MachineState, policies: @escaping () -> [Policy]) {
        self.machine = machine
        self.policies = policies
        model = KernelModel(of: machine, generation: machine.kernel.generation.value ?? .coordinated)
        owned = ownedRanges(of: machine)
        leaks = leakedRanges(of: machine)
        blocked = Set(model.blockedRanges)
        remedies = Remedies(machine, policies: policies)
    }

    /// Whether another line of iomem cuts `range` of a device, so no driver can bind.
    func isBlocked(_ range: AddressRange) -> Bool { blocked.contains(range) }

    /// The dax devices of CXL and dax_hmem.
    var devices: [DaxDevice] { machine.daxDevices.filter { $0.owner != nil } }

    /// The devices that no driver is bound to, but for those over leaked memory. Lines of iomem alone tell of no driver.
    var withoutDriver: [DaxDevice] {
        machine.lacks(.daxDevices) ? [] : devices.filter { $0.driver == nil && !isLeaked($0) }
    }

    /// The ram regions with bytes.
    var ramRegions: [(region: Region, range: AddressRange)] {
        machine.regions.filter { $0.mode == "ram" }.compactMap { region in region.range.map { (region, $0) } }
    }

    /// The kernel's own memory since the boot.
    var systemRAM: [AddressRange] { model.constants.systemRAM }

    /// The last of the kernel's lines about `subject` that fit.
    func failures(of subject: String, _ kinds: Set<DriverFailure.Kind>) -> [DriverFailure] {
        machine.driverFailures.filter { $0.subject == subject && kinds.contains($0.kind) }
    }

    /// A line of the kernel log as evidence.
    func quoted(_ failure: DriverFailure) -> String { "kernel log: \(failure.line)" }
}
