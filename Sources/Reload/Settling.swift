import Iomem
import Machine
import Ownership

/// How long a step may take to show, and the end of a plan to match what was predicted.
public struct Deadlines: Sendable {
    /// For one step.
    public var step: Duration
    /// For udev to come to rest after a step; the step goes on without it then.
    public var udev: Duration
    /// For the last comparison.
    public var verification: Duration
    /// Between two readings that must be equal.
    public var interval: Duration

    /// What suits a host; emulated machines are ten times slower and still within it.
    public init(
        step: Duration = .seconds(30),
        udev: Duration = .seconds(10),
        verification: Duration = .seconds(15),
        interval: Duration = .milliseconds(100)
    ) {
        self.step = step
        self.udev = udev
        self.verification = verification
        self.interval = interval
    }
}

/// Waits for what a step must bring: a condition and two equal readings, woken by uevents, never a bare sleep.
struct Settling {
    let surfaces: Surfaces
    let deadlines: Deadlines

    /// Waits until `step` shows.
    ///
    /// - Throws: `ReloadError` `.notSettled` with what is still missing at the deadline.
    func settle(_ step: Step) throws(ReloadError) -> MachineState {
        let start = surfaces.waiter.now
        var previous = try surfaces.machine.read()
        while true {
            surfaces.waiter.wait(upTo: deadlines.interval)
            let machine = try surfaces.machine.read()
            let elapsed = surfaces.waiter.now - start
            let missing = Self.missing(after: step, on: machine)
            let udevRests = elapsed > deadlines.udev || !surfaces.machine.udevIsBusy()
            if missing == nil && udevRests && machine == previous { return machine }
            guard elapsed < deadlines.step else {
                throw ReloadError(
                    .notSettled,
                    "\(step) did not come to an end in \(deadlines.step.components.seconds) s",
                    cause: missing ?? "the machine keeps changing"
                )
            }
            previous = machine
        }
    }

    /// Waits until `machine` is as `prediction` says; the differences that are left at the deadline.
    func verify(_ prediction: Prediction) throws(ReloadError) -> (machine: MachineState, differences: [Difference]) {
        let start = surfaces.waiter.now
        while true {
            let machine = try surfaces.machine.read()
            let differences = compare(prediction, with: machine)
            if differences.isEmpty || surfaces.waiter.now - start >= deadlines.verification {
                return (machine, differences)
            }
            surfaces.waiter.wait(upTo: deadlines.interval)
        }
    }

    /// What of a step's effect can't be seen yet; nil where it is complete.
    ///
    /// Removal is synchronous. Loading is not: on 7.1 dax_cxl registers its driver from a work item after it flushed
    /// dax_hmem's (drivers/dax/cxl.c: cxl_dax_region_driver_register()).
    static func missing(after step: Step, on machine: MachineState) -> String? {
        switch step {
        case .hold: return machine.isHeld ? nil : "the hold is not in place"
        case .release: return machine.isHeld ? "the hold is still in place" : nil
        case .unload(let module):
            return machine.modules.loaded[module] == nil ? nil : "\(module) is still in /proc/modules"
        case .load(let module):
            let standing = machine.modules.state(of: module)
            guard standing == .live || standing == .builtin else { return "\(module) is \(standing.rawValue)" }
            if module == "dax_hmem", let device = machine.hmemDevices.first(where: { !$0.isBound }) {
                return "\(device.name) has no driver"
            }
            if module == "dax_cxl", let region = unclaimedRegion(machine) { return "dax_\(region.name) has no driver" }
            return nil
        }
    }

    /// A region that dax_cxl has still to take. One that dax_hmem holds bytes of is none: its probe fails with -ENOMEM.
    private static func unclaimedRegion(_ machine: MachineState) -> Region? {
        machine.regions.first { region in
            guard region.assembled, region.mode == "ram", region.daxDriver == nil, let range = region.range else {
                return false
            }
            return !machine.daxDevices.contains { $0.owner == .hmem && $0.ranges.contains { $0.overlaps(range) } }
        }
    }
}
