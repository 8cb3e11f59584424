import Iomem

/// The resources in iomem that cut dax devices, so that no driver can reserve their bytes (-EBUSY).
struct Obstacles {
    private let cutters: RangeIndex
    private let leaked: RangeIndex

    /// The obstacles in one state of a model.
    init(in model: KernelModel) {
        let constants = model.constants
        leaked = RangeIndex(model.leaked)
        cutters = RangeIndex(
            (model.windowsAreLive ? constants.windows : [])
                + model.regions.filter { $0.isPresent && $0.hasLine }.map(\.range) + constants.softReservedLines
        )
    }

    /// Whether one of them cuts `range`, or leaked memory lies there.
    func block(_ range: AddressRange) -> Bool { leaked.overlaps(range) || cutters.cuts(range) }
}
