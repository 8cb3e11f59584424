internal import Machine

/// Finds out whether a kernel keeps locked decoders whose regions have no attribute `locked` to show it.
///
/// Up to 6.19 none does (6.19 tests for the lock with the wrong operator), 7.0 does, and 7.1 has the attribute
/// (drivers/cxl/core/region.c: cxl_region_decode_reset()). What is not plainly one of the first may have the change as a backport.
struct LockInference {
    let state: MachineState

    /// False where it keeps none; nil where that is not known.
    func find() -> Bool? {
        guard let release = KernelVersion(state.kernel.release), release >= .firstRegions, release < .hiding else {
            return nil
        }
        // A kernel before 7.0 that prints no line over Soft Reserved memory has more of 7.0.
        let isHidden = !state.kernel.showsSoftReserved && !state.softReserved.isEmpty
        return isHidden ? nil : false
    }
}
