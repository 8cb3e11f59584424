internal import Iomem
package import Machine

extension Policy.Want {
    /// What of `findings` makes `machine` differ from this: what is broken over bytes that the policy speaks of.
    ///
    /// "any" speaks of them: who owns them does not matter, and that they are lost does. A region's bytes count as the region's
    /// also while it is not committed, or gone.
    package func differences(_ findings: [Finding], on machine: MachineState) -> [Difference] {
        let regions = RangeIndex(
            machine.regions.filter { $0.mode == "ram" }.compactMap(\.range) + machine.lostRegions.map(\.range)
        )
        let windows = RangeIndex(machine.windows.map(\.range))
        return findings.filter { $0.severity != .notice && speaks(of: $0, regions, windows) }.map { finding in
            Difference(
                range: finding.ranges.first,
                expected: [],
                found: finding.id.rawValue,
                kind: .finding,
                what: "\(finding.id.rawValue): \(finding.what)"
            )
        }
    }

    private func speaks(of finding: Finding, _ regions: RangeIndex, _ windows: RangeIndex) -> Bool {
        finding.ranges.isEmpty
            || finding.ranges.contains { range in
                let place: Place =
                    regions.overlaps(range)
                    ? .coveredByRegion : windows.overlaps(range) ? .windowOnly : .outsideWindows
                return !leftOut.contains(place)
            }
    }
}
