import Inspection
import Iomem
package import Machine
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
    /// How long the machine must stay the same if its state after a step is not certain.
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

/// The machine as it was read, and when that began and ended, on the clock of `Waiter`.
package struct Reading {
    package let machine: MachineState
    let start: Duration
    let end: Duration

    package init(machine: MachineState, start: Duration, end: Duration) {
        (self.machine, self.start, self.end) = (machine, start, end)
    }
}

/// Waits for the effect of a step, woken by uevents and by udev, never a bare sleep.
struct Settling {
    let surfaces: Surfaces
    let deadlines: Deadlines
    /// What the kernel prints as an error and was foreseen, as parts of lines.
    var expectedMessages: [String] = []

    /// The machine as it is now; while it changes under the reader, it is read again until the deadline of a step.
    func read() throws(ReloadError) -> MachineState {
        try surfaces.machine.readWhole(surfaces.waiter, deadlines)
    }

    /// Waits until `step` shows and the machine is at rest, and returns it: it is as expected and the kernel has announced
    /// nothing since it was read; or it has stayed the same for one interval, however many uevents woke us in it.
    ///
    /// The machine is read once single files show the step and what is expected, or nothing was announced for an interval.
    /// - Parameters:
    ///   - next: The step that follows; nil after the last one.
    ///   - before: The machine right before the step.
    ///   - expected: What the step may make of the machine; none if that is not certain.
    /// - Throws: `ReloadError` `.notSettled` with what is still missing at the deadline, `.kernelTrouble` at once.
    func settle(
        _ step: Step,
        before next: Step? = nil,
        from before: Reading? = nil,
        expecting expected: [Target] = []
    ) throws(ReloadError) -> Reading {
        let start = surfaces.waiter.now
        let awaitsUdev = step.awaitsUdev(before: next)
        if let before, isStillTrue(before, after: step, expected),
            !awaitsUdev || timeForUdev == .zero && !surfaces.machine.udevIsBusy()
        {
            try checkMessages("after \(step)")
            return before
        }
        var steady: (machine: MachineState, since: Duration)?
        var isQuiet = false
        // udevd has begun with what was announced; it makes its queue only once it has woken.
        var hasSeenUdev = false
        var lastReading = start
        while true {
            // What is announced from here on may not be in the reading.
            if step.addsDevices {
                surfaces.waiter.waitForQuiet(upTo: deadlines.interval)
            } else {
                _ = surfaces.waiter.hasHeard()
            }
            try checkMessages("after \(step)")
            var missing = missing(after: step)
            var hasChanged = false
            let isUdevBusy =
                awaitsUdev && surfaces.waiter.now - start <= deadlines.udev && surfaces.machine.udevIsBusy()
            hasSeenUdev = hasSeenUdev || isUdevBusy
            // On a host that announces something all the time, the machine is read now and then nevertheless.
            let isOverdue = surfaces.waiter.now - lastReading >= max(deadlines.interval * 10, .seconds(1))
            if missing == nil && !isUdevBusy && (isQuiet || !step.addsDevices || isOverdue || isShown(expected)) {
                let reading = try takeReading()
                let machine = reading.machine
                lastReading = reading.end
                try checkMessages("after \(step)")
                missing = self.missing(after: step, on: machine)
                let since = steady.flatMap { machine.isSteady(since: $0.machine) ? $0.since : nil } ?? reading.end
                steady = (machine, since)
                if missing == nil && reading.end - since >= deadlines.interval { return reading }
                if missing == nil && expected.contains(where: { $0.differences(on: machine).isEmpty }) {
                    hasChanged = surfaces.waiter.hasHeard()
                    let rest = timeForUdev
                    if !hasChanged && awaitsUdev && step.addsDevices && !hasSeenUdev {
                        // It may have begun during the reading.
                        hasChanged =
                            rest > .zero && surfaces.waiter.wait(upTo: rest) || surfaces.machine.udevIsBusy()
                    }
                    if !hasChanged { return reading }
                }
            }
            guard surfaces.waiter.now - start < deadlines.step else {
                throw ReloadError(
                    .notSettled,
                    "\(step) did not finish within \(deadlines.step.components.seconds) s",
                    cause: missing ?? "the machine keeps changing"
                )
            }
            if !hasChanged { isQuiet = !surfaces.waiter.wait(upTo: deadlines.interval) }
        }
    }

    /// How long udevd may still need to begin with what the kernel announced last; 0 if it has had an interval for it.
    private var timeForUdev: Duration {
        guard let last = surfaces.waiter.lastHeard else { return .zero }
        return max(.zero, last + deadlines.interval - surfaces.waiter.now)
    }

    /// Whether `step` had nothing to do and the machine right before it still counts: udev had loaded the module already.
    private func isStillTrue(_ before: Reading, after step: Step, _ expected: [Target]) -> Bool {
        guard case .load(let module) = step, before.machine.modules.state(of: module) == .live,
            missing(after: step) == nil, missing(after: step, on: before.machine) == nil,
            expected.contains(where: { $0.differences(on: before.machine).isEmpty })
        else { return false }
        return counts(before)
    }

    /// Whether `/proc/iomem` is as one of `expected` says; true if nothing is expected, or it can't be read.
    private func isShown(_ expected: [Target]) -> Bool {
        guard !expected.isEmpty, let iomem = surfaces.machine.readIomem() else { return true }
        return expected.contains { $0.isShown(in: iomem) }
    }

    /// Waits until the machine is as `target` says; the differences that are left at the deadline.
    ///
    /// - Parameter seen: The machine as it came to rest, if it still counts.
    func verify(
        _ target: Target,
        seen: Reading? = nil
    ) throws(ReloadError) -> (machine: MachineState, differences: [Difference]) {
        let start = surfaces.waiter.now
        var seen = seen
        while true {
            let machine = try current(seen).machine
            seen = nil
            try checkMessages("after the last step")
            let differences = target.differences(on: machine)
            if differences.isEmpty || surfaces.waiter.now - start >= deadlines.verification {
                return (machine, differences)
            }
            waitForChange()
        }
    }

    /// Waits until a change was announced and the burst of others with it is over, or for an interval.
    func waitForChange() {
        let isAnnounced = surfaces.waiter.wait(upTo: deadlines.interval)
        if isAnnounced { surfaces.waiter.waitForQuiet(upTo: deadlines.interval) }
    }

    /// The machine as it is now, and when it was read.
    func takeReading() throws(ReloadError) -> Reading {
        let start = surfaces.waiter.now
        let machine = try read()
        return Reading(machine: machine, start: start, end: surfaces.waiter.now)
    }

    /// `seen` if it still counts, else the machine as it is now.
    func current(_ seen: Reading?) throws(ReloadError) -> Reading {
        if let seen, counts(seen) { return seen }
        return try takeReading()
    }

    /// Whether the kernel has announced nothing since a reading, and no more time has passed than reading took, or a second. A
    /// reading is never of one moment, so another one would be as old when it is used.
    func counts(_ reading: Reading) -> Bool {
        !surfaces.waiter.hasHeard()
            && surfaces.waiter.now - reading.end <= min(reading.end - reading.start, .seconds(1))
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

    /// What of a step's effect can't be seen yet, as far as single files tell; nil where they show it.
    private func missing(after step: Step) -> String? {
        guard step == .load("dax_cxl"), !surfaces.machine.hasDaxRegionDriver() else { return nil }
        return "dax_cxl has not registered its driver"
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
        case .restoreRegion(let name, let range): return machine.missingRegion(name, range)
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

extension Step {
    /// Devices may come with it, also some time after the call.
    fileprivate var addsDevices: Bool {
        switch self {
        case .load, .bindHmem, .bindRegion, .restoreUse, .splitDevice, .restoreRegion: true
        case .hold, .release, .unload, .offlineMemory, .unbindHmem: false
        }
    }

    /// Whether udev must have come to rest after this step, before `next`.
    ///
    /// Where devices come, it loads modules for them and puts memory online. That is not in the way of another load: the kernel
    /// loads a module once, whoever asks. Events that began before a hold are handled without it.
    fileprivate func awaitsUdev(before next: Step?) -> Bool {
        self == .hold || addsDevices && !(verb == .load && next?.verb == .load)
    }
}

extension MachineState {
    /// A dax device of `owner` that has bytes of `range`.
    fileprivate func device(of owner: Owner, over range: AddressRange) -> DaxDevice? {
        daxDevices.first { device in device.owner == owner && device.ranges.contains { $0.overlaps(range) } }
    }
}
