import Iomem

/// The resources in iomem that cut dax devices, so no driver can reserve their bytes (-EBUSY).
struct Obstacles {
    private let cutters: RangeIndex
    /// What the kernel uses as memory: nothing else gets a byte of it (IORESOURCE_BUSY; kernel/resource.c: __request_region()).
    private let used: RangeIndex

    /// The obstacles in one state of a model.
    init(in model: KernelModel) {
        let constants = model.constants
        let lines = constants.under.lines
        used = RangeIndex(model.leaked + lines.filter { $0.name == "System RAM" }.map(\.range))
        cutters = RangeIndex(
            (model.windowsAreLive ? constants.windows : [])
                + model.regions.filter { $0.isPresent && $0.hasLine }.map(\.range) + constants.softReservedLines
                + lines.map(\.range)
        )
    }

    /// Whether one of them cuts `range`, or memory of the kernel lies there, leaked or its own.
    func block(_ range: AddressRange) -> Bool { used.overlaps(range) || cutters.cuts(range) }
}
