internal import Iomem
internal import Machine

extension MachineState {
    /// Adds to the Soft Reserved ranges what dax_hmem holds beyond them: it makes devices over HMEM ranges and nothing else
    /// (drivers/dax/hmem/hmem.c: dax_hmem_probe()), whatever the firmware's map calls them.
    mutating func addRangesOfHmemDevices() {
        let known = softReserved.flatMap { [$0.range] + ($0.hmemRange.map { [$0] } ?? []) }
        let added = daxDevices.filter { $0.owner == .hmem }.flatMap { device in
            device.ranges.flatMap { range in
                range.subtracting(known).map {
                    SoftReservedRange(range: $0, sources: ["/sys/bus/dax/devices/\(device.name)"], hmemRange: range)
                }
            }
        }
        guard !added.isEmpty else { return }
        softReserved = (softReserved + added).sorted { $0.range < $1.range }
    }
}
