import Glibc
import Inspection
import Iomem
import Machine
import Ownership
import Reload
import TestCaptures

/// A kernel that was recorded: each step leads to the moment in which a booted kernel had the modules that are then in.
final class RecordedKernel: ModuleControl, HoldControl, MemoryControl, MachineReader, KernelMessages, FactStore, Waiter,
    Interrupts, Inhibitor, RollbackTimer
{
    private(set) var state: MachineState
    private let moments: RecordedMoments
    /// Before the first step: whether cxl_acpi was kept out, and the files of the moment, if there are any.
    let wasHeld: Bool
    let firstRecord: String?
    /// The files of the moment that it is in.
    var record: String? { moments.root(of: state) }
    private(set) var steps: [Step] = []
    private(set) var kept: [RememberedFacts] = []
    private(set) var noted: [RunProgress] = []
    private(set) var announced: [String] = []
    /// When suspend and shutdown were kept away and allowed again, by how many steps there were.
    private(set) var inhibitions: [String] = []
    /// Why they can't be kept away.
    var notInhibited: ReloadError?
    private(set) var now: Duration = .zero
    /// The timers that were set and are not stopped, and how many steps there were when each was set.
    private(set) var timers: [TimedConfirmation] = []
    private(set) var armedAfter: [Int] = []
    /// Why no timer can be set.
    var timerFailure: ReloadError?
    /// Steps that fail, with the error.
    var failures: [Step: ReloadError] = [:]
    /// Modules whose files are gone.
    var withoutFile: Set<String> = []
    /// What was asked for, whether it could be loaded.
    private(set) var checked: [PendingLoad] = []
    /// Kernel lines that a step causes.
    var lines: [Step: [String]] = [:]
    /// The signal that comes after a step.
    var signals: [Step: String] = [:]
    /// The errno of each of the next writes to an attribute; EINTR for one that does not end by itself.
    var refusals: [MemoryAttribute: [Int32]] = [:]
    /// What the kernel has of regions that are being made.
    var regions = RegionsOfRecording()
    /// What was written, as a shell would write it.
    private(set) var writes: [String] = []
    /// Called before each reading, with how many there were.
    var onRead: ((Int, inout MachineState) throws(ReloadError) -> Void)?
    /// How often it was read.
    private(set) var reads = 0
    /// When dax_cxl's driver is registered after the module is in.
    var driverDelay: Duration = .zero
    private var driverIsExpected: Duration = .zero
    /// When uevents end a wait; nil where none come.
    var wakesAfter: Duration?
    /// Called after each wait, with how many there were.
    var onWait: ((RecordedKernel, Int) -> Void)?
    private var waits = 0
    /// When the kernel has announced something last.
    private(set) var lastHeard: Duration?
    /// A uevent has come that nobody has heard yet.
    var hasAnnounced = false
    /// How long udev has events to work on.
    var udevRestsAt: Duration = .zero
    /// Called after a step.
    var interference: ((Step, inout MachineState) -> Void)?
    /// Called after a write.
    var onWrite: ((MemoryAttribute, inout MachineState) -> Void)?
    var pending: String?
    private var log: [String] = []

    init(_ state: MachineState, _ moments: RecordedMoments = RecordedMoments()) {
        self.state = state
        self.moments = moments
        (wasHeld, firstRecord) = (state.isHeld, moments.root(of: state))
        // What the reader has found in it is in the file.
        kept =
            state.remembered.map { decoders in
                [RememberedFacts(bootID: state.kernel.bootID ?? "", initialProbe: nil, decoders: decoders)]
            } ?? []
    }

    /// Others change the machine.
    func reinterpret(_ change: (inout MachineState) -> Void) { change(&state) }

    /// The process that holds or releases is killed in the middle of it.
    func cutHoldOff() { (state.isHeld, state.holdGap) = (false, "a hold or a release was cut off") }

    private func take(_ step: Step) throws(ReloadError) {
        if let failure = failures[step] {
            log += lines[step] ?? []
            throw failure
        }
        if step == .load("dax_cxl") { driverIsExpected = now + driverDelay }
        steps.append(step)
        advance(step)
    }

    private func advance(_ step: Step) {
        let isGate = [.hold, .release].contains(step)
        if !isGate { lastHeard = now }
        let (isHeld, gap) = (isGate ? step == .hold : state.isHeld, isGate ? nil : state.holdGap)
        if let next = moments.next(step, on: state, kept: kept.last) { state = next }
        (state.isHeld, state.holdGap) = (isHeld, gap)
        log += lines[step] ?? []
        pending = signals[step] ?? pending
        interference?(step, &state)
    }

    func insert(_ module: String, isHeld: Bool) throws(ReloadError) { try take(.load(module)) }
    func remove(_ module: String) throws(ReloadError) { try take(.unload(module)) }
    func checkLoadable(_ loads: [PendingLoad], besides present: Set<String>) throws(ReloadError) {
        checked += loads
        for load in loads where withoutFile.contains(load.module) {
            throw ReloadError(.notLoadable, "\(load.module) could not be loaded")
        }
    }
    func write(_ value: String, to attribute: MemoryAttribute, while goesOn: () -> Bool) throws(WriteRefusal) {
        let refusal = refusals[attribute]?.isEmpty == false ? refusals[attribute]?.removeFirst() : nil
        if refusal == EINTR { while goesOn() { now += .seconds(1) } }
        if let refusal {
            // A block that is not there is not there for readers either.
            if case .block(let number) = attribute, [ENOENT, ENODEV, ENXIO].contains(refusal) {
                state.memory.blocks.removeAll { $0.number == number }
            }
            throw WriteRefusal(refusal)
        }
        writes.append("\(value) > \(attribute.path)")
        if RegionsOfRecording.takes(attribute) {
            try regions.write(value, to: attribute, &state)
            onWrite?(attribute, &state)
            return
        }
        if case .platformDriver(let driver, let binding) = attribute, driver != "hmem" {
            try bind(value, to: driver, binding)
            onWrite?(attribute, &state)
            return
        }
        try MemoryOfRecording(attribute: attribute, value: value).apply(to: &state)
        onWrite?(attribute, &state)
    }
    /// drivers/base/bus.c: unbind_store(), bind_store().
    private func bind(_ device: String, to driver: String, _ binding: MemoryAttribute.Binding) throws(WriteRefusal) {
        let module = state.modules.drivers.first { $0.value.driver == driver }
        guard let module, let place = module.value.devices.first(where: { $0.name == device }),
            place.isBound == (binding == .unbind)
        else { throw WriteRefusal(ENODEV) }
        advance(binding == .unbind ? .unload(module.key) : .load(module.key))
    }
    func value(of attribute: MemoryAttribute) -> String? { regions.value(of: attribute, on: state) }
    func isOnline(block number: Int) -> Bool? { state.memory.blocks.first { $0.number == number }?.isOnline }
    func hold() throws(ReloadError) { try take(.hold) }
    func release() throws(ReloadError) { try take(.release) }
    func read() throws(ReloadError) -> MachineState {
        defer { reads += 1 }
        try onRead?(reads, &state)
        var seen = state
        seen.unfinishedRegion = kept.last?.unfinishedRegion.flatMap { seen.leftOver(of: $0) }
        for (index, device) in state.hmemDevices.enumerated() where !device.isBound {
            seen.hmemDevices[index].rangeWhenBound = kept.last?.unboundHmem[device.name]
        }
        return seen
    }
    func note(_ progress: RunProgress) { noted.append(progress) }
    func inhibit(because reason: String) throws(ReloadError) {
        inhibitions.append("inhibited \(steps.count)")
        if let notInhibited { throw notInhibited }
    }
    func allow() { inhibitions.append("allowed \(steps.count)") }
    var obstacle: ReloadError? { timerFailure }
    func arm(_ confirmation: TimedConfirmation) throws(ReloadError) {
        if let timerFailure { throw timerFailure }
        timers.append(confirmation)
        armedAfter.append(steps.count)
    }
    func disarm(_ confirmation: TimedConfirmation) { timers.removeAll { $0 == confirmation } }
    /// Time goes by.
    func pass(_ time: Duration) { now += time }
    func udevIsBusy() -> Bool { now < udevRestsAt }
    func hasDaxRegionDriver() -> Bool { now >= driverIsExpected }
    func kept(bootID: String?) throws(ReloadError) -> RememberedFacts? { kept.last }
    func newLines() -> [String] {
        defer { log = [] }
        return log
    }
    func announce(_ line: String) { announced.append(line) }
    func readIomem() -> IomemTree? { state.iomem }
    func wait(upTo limit: Duration) -> Bool {
        now += wakesAfter.map { min($0, limit) } ?? limit
        if wakesAfter != nil { lastHeard = now }
        waits += 1
        onWait?(self, waits)
        return wakesAfter != nil
    }
    func waitForQuiet(upTo limit: Duration) { hasAnnounced = false }
    func hasHeard() -> Bool {
        defer { hasAnnounced = false }
        return hasAnnounced
    }
    func keep(_ facts: RememberedFacts) throws(ReloadError) { kept.append(facts) }

    /// Without a place for a journal.
    var surfaces: Surfaces { surfaces(StateDirectory(root: "/nowhere")) }

    func surfaces(_ state: StateDirectory) -> Surfaces {
        Surfaces(
            modules: self,
            hold: self,
            memory: self,
            machine: self,
            messages: self,
            waiter: self,
            interrupts: self,
            inhibitor: self,
            facts: self,
            journal: JournalFile(state),
            timer: self
        )
    }
}

extension RecordedKernel {
    /// 7.3.4 with a locked region that CXL owns, and what it did on the way to hmem.
    static func lockedSwitch() throws -> RecordedKernel {
        let moments = try RecordedMoments(
            kernel: "7.3.4",
            scenario: "locked-switch",
            ["dax-out", "acpi-out", "hmem-owned", "hmem-back", "cxl-owned"]
        )
        return RecordedKernel(try moments.state(with: ["cxl_acpi", "dax_hmem", "dax_cxl"]), moments)
    }
}
