import Inspection
import Iomem
import Machine
import Ownership

/// How long a step may take to show, and the end of a plan to match what was predicted.
package struct Deadlines: Sendable {
    /// For one step.
    package var step: Duration
    /// For udev to come to rest after a step; the step goes on without it then.
    package var udev: Duration
    /// For memory to go offline, counted from the last block that went.
    package var block: Duration
    /// For the last comparison.
    package var verification: Duration
    /// Between two readings that must be equal.
    package var interval: Duration

    /// What suits a host; emulated machines are ten times slower and still within it.
    package init(
        step: Duration = .seconds(30),
        udev: Duration = .seconds(10),
        block: Duration = .seconds(60),
        verification: Duration = .seconds(15),
        interval: Duration = .milliseconds(100)
    ) {
        self.step = step
        self.udev = udev
        self.block = block
        self.verification = verification
        self.interval = interval
    }
}

/// Waits for the effect of a step: a condition and equal readings, woken by uevents, never a bare sleep.
struct Settling {
    let surfaces: Surfaces
    let deadlines: Deadlines
    /// What the kernel prints as an error and was foreseen, as parts of lines.
    var expectedMessages: [String] = []

    /// The machine as it is now; while it changes under the reader, it is read again until the deadline of a step.
    func read() throws(ReloadError) -> MachineState {
        try surfaces.machine.readWhole(surfaces.waiter, deadlines)
    }

    /// Waits until `step` shows and the machine has stayed the same for one interval, however many uevents woke us in it.
    ///
    /// - Throws: `ReloadError` `.notSettled` with what is still missing at the deadline, `.kernelTrouble` at once.
    func settle(_ step: Step) throws(ReloadError) {
        let start = surfaces.waiter.now
        var steady = try read()
        var since = surfaces.waiter.now
        while true {
            try checkMessages("after \(step)")
            surfaces.waiter.wait(upTo: deadlines.interval)
            let machine = try read()
            let now = surfaces.waiter.now
            if !machine.isSteady(since: steady) {
                steady = machine
                since = now
            }
            let missing = missing(after: step, on: machine)
            let udevRests = now - start > deadlines.udev || !surfaces.machine.udevIsBusy()
            if missing == nil && udevRests && now - since >= deadlines.interval {
                return try checkMessages("after \(step)")
            }
            guard now - start < deadlines.step else {
                throw ReloadError(
                    .notSettled,
                    "\(step) did not finish within \(deadlines.step.components.seconds) s",
                    cause: missing ?? "the machine keeps changing"
                )
            }
        }
    }

    /// Waits until the machine is as `target` says; the differences that are left at the deadline.
    func verify(_ target: Target) throws(ReloadError) -> (machine: MachineState, differences: [Difference]) {
        let start = surfaces.waiter.now
        while true {
            let machine = try read()
            try checkMessages("after the last step")
            let differences = target.differences(on: machine)
            if differences.isEmpty || surfaces.waiter.now - start >= deadlines.verification {
                return (machine, differences)
            }
            surfaces.waiter.wait(upTo: deadlines.interval)
        }
    }

    /// - Throws: `ReloadError` `.kernelTrouble` where the kernel has complained since the last call.
    func checkMessages(_ moment: String) throws(ReloadError) {
        guard let complaint = newComplaint() else { return }
        throw ReloadError(complaint, "the kernel logged an error \(moment)")
    }

    /// What the kernel has complained about since the last call. The rest of a report is waited for, once.
    func newComplaint() -> KernelComplaint? {
        var lines = surfaces.messages.newLines()
        guard KernelComplaint.first(in: lines, expected: expectedMessages) != nil else { return nil }
        if !lines.contains(where: { $0.hasPrefix(KernelComplaint.endOfReport) }) {
            surfaces.waiter.wait(upTo: deadlines.interval)
            lines += surfaces.messages.newLines()
        }
        return KernelComplaint.first(in: lines, expected: expectedMessages)
    }

    /// What of a step's effect can't be seen yet; nil where it is complete.
    ///
    /// Removal is synchronous. Loading is not: on 7.1 dax_cxl registers its driver from a work item after it flushed
    /// dax_hmem's (drivers/dax/cxl.c: cxl_dax_region_driver_register()). With the driver there, what dax_hmem deferred
    /// has been decided too.
    private func missing(after step: Step, on machine: MachineState) -> String? {
        switch step {
        case .hold: return machine.isHeld ? nil : machine.holdGap ?? "the hold is not in place"
        case .release: return machine.isHeld ? "the hold is still in place" : machine.holdGap
        case .offlineMemory(let range): return machine.stillOnline(in: range)
        case .restoreUse(let range, let use): return machine.missing(of: use, over: range)
        case .splitDevice(let range): return machine.missingDevice(over: range)
        case .unbindHmem(let range): return machine.device(of: .hmem, over: range).map { "\($0.name) is still there" }
        case .bindHmem(let range):
            return machine.device(of: .hmem, over: range) == nil ? "dax_hmem has no device over \(range)" : nil
        case .bindRegion(let range):
            return machine.device(of: .cxl, over: range) == nil ? "dax_cxl has no device over \(range)" : nil
        case .unload(let module):
            if let driver = machine.modules.builtinDriver(of: module) {
                return driver.devices.first(where: \.isBound).map { "\($0.name) is still bound to \(driver.driver)" }
            }
            return machine.modules.loaded[module] == nil ? nil : "\(module) is still in /proc/modules"
        case .load(let module):
            let standing = machine.modules.state(of: module)
            if let device = machine.modules.builtinDriver(of: module)?.devices.first(where: { !$0.isBound }) {
                return "\(device.name) has no driver"
            }
            guard standing == .live || standing == .builtin else { return "\(module) is \(standing.rawValue)" }
            if module == "dax_hmem", let device = machine.hmemDevices.first(where: { !$0.isBound }) {
                return "\(device.name) has no driver"
            }
            guard module == "dax_cxl" else { return nil }
            if !surfaces.machine.hasDaxRegionDriver() { return "dax_cxl has not registered its driver" }
            return Self.unclaimedRegion(machine).map { "dax_\($0.name) has no driver" }
        }
    }

    /// A region that dax_cxl has still to take. Not one with bytes that dax_hmem has: its probe fails with -ENOMEM.
    private static func unclaimedRegion(_ machine: MachineState) -> Region? {
        machine.regions.first { region in
            guard region.assembled, region.mode == "ram", region.daxDriver == nil, let range = region.range else {
                return false
            }
            return !machine.daxDevices.contains { $0.owner == .hmem && $0.ranges.contains { $0.overlaps(range) } }
        }
    }
}

extension MachineState {
    /// A dax device of `owner` that has bytes of `range`.
    fileprivate func device(of owner: Owner, over range: AddressRange) -> DaxDevice? {
        daxDevices.first { device in device.owner == owner && device.ranges.contains { $0.overlaps(range) } }
    }
}
