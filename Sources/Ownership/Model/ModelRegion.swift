import Iomem
import Machine

/// A CXL region, in sysfs or waiting in its decoders.
struct ModelRegion: Hashable, Sendable {
    /// How far a region has come.
    enum Stage: Int, Comparable, Sendable {
        /// A name and bytes: no decoder of a memory device is programmed for it.
        case named
        /// Decoders are programmed, and it is not committed.
        case programmed
        /// It is committed, and has no dax_region.
        case committed
        /// It is committed and has a dax_region.
        case assembled

        static func < (left: Stage, right: Stage) -> Bool { left.rawValue < right.rawValue }
    }

    /// Where a region is in its life.
    enum Life: Hashable, Sendable {
        /// Only in its decoders: it appears with `cxl_acpi`, `cxl_pci` and `cxl_mem`, that far.
        case waiting(Stage)
        /// In sysfs.
        case present(Stage)
        /// In sysfs without memory devices: their drivers went and left its locked decoders as they were. With them it is
        /// assembled again.
        case detached
    }

    /// What becomes of its decoders when `cxl_acpi` goes.
    enum LockPolicy: Sendable {
        /// They are reset.
        case unlocked
        /// They are locked and stay.
        case honoured
        /// They are locked, and the kernel resets them (`Rule.lockIgnored`).
        case ignored
        /// Nothing tells whether they are locked. They are taken as not locked, which is worse.
        case unknown
    }

    var name: String
    var range: AddressRange
    var mode = "ram"
    var lock: LockPolicy
    var life: Life
    /// It is persistent and was assembled while cxl_pmem was not loaded: it has no nvdimm bridge.
    var lacksBridge = false
    /// It is a line of iomem, which cuts what is not inside of it. The kernel goes on where it can't be inserted
    /// (drivers/cxl/core/region.c: __construct_region(), "cannot insert resource").
    var hasLine = true

    /// It is in sysfs.
    var isPresent: Bool { if case .waiting = life { false } else { true } }

    /// It is committed, or will be as soon as it appears.
    var isCommitted: Bool { stage.map { $0 >= .committed } ?? false }

    /// It is committed, or will be again with the memory devices' drivers.
    var hasItsBytes: Bool { isCommitted || life == .detached }

    /// Its decoders stay when `cxl_acpi` goes.
    var keepsDecoders: Bool { lock == .honoured }

    /// It is committed in sysfs, and its decoders are reset when `cxl_acpi` or the memory devices' drivers go.
    var losesDecoders: Bool { isPresent && isCommitted && !keepsDecoders }

    /// Whether dax_cxl makes a device over it where nobody is in the way.
    var canBeClaimed: Bool { life == .present(.assembled) && mode == "ram" }

    /// How far it has come; nil while it is detached.
    private var stage: Stage? {
        switch life {
        case .waiting(let stage), .present(let stage): stage
        case .detached: nil
        }
    }

    /// In sysfs again, where it waited or was detached, with a dax_region unless memory that is in use is in the way.
    mutating func appear(overMemory: Bool) {
        let stage = stage ?? .assembled
        life = .present(overMemory ? min(stage, .committed) : stage)
    }

    /// Bound to its driver again, it has a dax_region, unless memory in use prevents that.
    mutating func bindAgain(overMemory: Bool) {
        if life == .present(.committed), !overMemory { life = .present(.assembled) }
    }

    /// As it is when the memory devices' drivers have gone (drivers/cxl/core/region.c: a region that loses a target is no
    /// longer committed and has no dax_region, locked or not).
    mutating func loseEndpoints() {
        guard isPresent, isCommitted else { return }
        life = keepsDecoders ? .detached : .present(.named)
    }

    /// What waits in its decoders when `cxl_acpi` has gone; nil where nothing does.
    var withoutRoot: ModelRegion? {
        if losesDecoders || life == .present(.named) { return nil }
        var waiting = self
        if isPresent { waiting.life = .waiting(life == .present(.programmed) ? .programmed : .assembled) }
        return waiting
    }

    /// As it waits in its decoders at the next boot, which the firmware programs again; nil where it had none.
    var atNextBoot: ModelRegion? {
        if life == .present(.named) { return nil }
        var waiting = self
        waiting.life = .waiting(stage ?? .assembled)
        return waiting
    }
}

/// A dax device over bytes.
struct DaxClaim: Equatable, Sendable {
    var owner: Owner
    /// The bytes of the device; none where the region is idle.
    var ranges: [AddressRange]
    /// More bytes that its dax region keeps from others.
    var reserved: [AddressRange] = []
    var through: String
    var device: String?
    var driver: String?
    /// A step has bound the driver by name: nobody's habit decides over it.
    var isPut = false
    var users: [DaxUser] = []
    var usersAreKnown = true

    /// As messages name it.
    var name: String { device ?? through }

    /// The bytes of its dax region: those of `hmem.N`, or of the region.
    var span: AddressRange? { reserved.first ?? ranges.first }

    func overlaps(_ range: AddressRange) -> Bool { ranges.contains { $0.overlaps(range) } }

    /// Whether another dax region could not have bytes of `range` (drivers/dax/bus.c, 7.1 on: alloc_dax_region()).
    func excludes(_ range: AddressRange) -> Bool { overlaps(range) || reserved.contains { $0.overlaps(range) } }
}
