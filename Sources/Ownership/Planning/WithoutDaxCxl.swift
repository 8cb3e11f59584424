import Iomem
import Machine

extension Planner {
    /// What `want` has for CXL and no order can reach, since the kernel has no dax_cxl; nil where that is not so.
    func noDaxCxl(for want: Policy.Want) -> Hazard? {
        guard machine.modules.state(of: "dax_cxl") == .missing else { return nil }
        let ranges = owned.map(\.range).filter { range in
            start.indexes.contains { want.owner(over: range, in: $0) == .cxl }
        }
        guard !ranges.isEmpty else { return nil }
        return Hazard(
            id: .wantUnmet,
            subject: "dax_cxl",
            ranges: ranges,
            why: "kernel \(machine.kernel.release) has no dax_cxl, the driver for CXL regions, so CXL can't own "
                + ranges.words,
            fix: "boot a kernel with dax_cxl (CONFIG_DEV_DAX_CXL), or leave the memory to dax_hmem"
        )
    }
}
