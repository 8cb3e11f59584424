internal import Iomem
package import Machine

extension Policy.Want {
    /// What of `findings` makes `machine` differ from this: what is broken over bytes with a wished owner.
    ///
    /// A region's bytes count as the region's also while it is not committed, or gone.
    package func differences(_ findings: [Finding], on machine: MachineState) -> [Difference] {
        findings.filter { $0.severity != .notice && speaks(of: $0, on: machine) }.map { finding in
            Difference(
                range: finding.ranges.first,
                expected: [],
                found: finding.id.rawValue,
                kind: .finding,
                what: "\(finding.id.rawValue): \(finding.what)"
            )
        }
    }

    private func speaks(of finding: Finding, on machine: MachineState) -> Bool {
        let regions = machine.regions.filter { $0.mode == "ram" }.compactMap(\.range) + machine.lostRegions.map(\.range)
        return finding.ranges.isEmpty
            || finding.ranges.contains { range in
                if regions.contains(where: range.overlaps) { return coveredByRegion != nil }
                return (machine.windows.contains { $0.range.overlaps(range) } ? windowOnly : outsideWindows) != nil
            }
    }
}
