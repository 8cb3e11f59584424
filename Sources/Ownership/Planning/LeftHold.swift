import Iomem
package import Machine

// A hold that a run has left: where the owners are as they are wanted, it is all that is still to be done.

extension MachineState {
    /// What is wrong with the hold of this boot: half of it is there, or it keeps out a `cxl_acpi` that is in while dax_hmem
    /// owns nothing in a window. Nil where it is as a run leaves it that has ended.
    ///
    /// A choice that is persisted keeps `cxl_acpi` out as well, and waits for the next boot.
    package var leftHold: String? {
        if let holdGap { return holdGap }
        let ownsByHmem = daxDevices.contains { device in
            device.owner == .hmem
                && device.ranges.contains { range in windows.contains { $0.range.overlaps(range) } }
        }
        guard isHeld, persisted != .hmem, modules.state(of: "cxl_acpi") == .live, !ownsByHmem else { return nil }
        return "a hold still blocks cxl_acpi, but it is loaded and dax_hmem owns nothing in a CXL window"
    }
}

extension Policy {
    /// The step of its order that says whether `cxl_acpi` is kept out afterwards; nil where none does.
    fileprivate var hold: Step? { order.last { [.hold, .release].contains($0) } }
}

extension Planner {
    /// The step of `policy` on a hold that was left; none where nothing was.
    func stepsOnLeftHold(for policy: Policy) -> [Step] {
        guard machine.leftHold != nil, let step = policy.hold else { return [] }
        return [step]
    }

    /// Where the hold on the machine is not as `policy` leaves it.
    package func leftHold(against policy: Policy) -> [Difference] {
        guard let left = machine.leftHold, machine.holdGap != nil || policy.hold == .release else { return [] }
        return holdDifferences(isHeld: policy.hold == .hold, machine).map { difference in
            var difference = difference
            difference.what = left
            return difference
        }
    }
}
