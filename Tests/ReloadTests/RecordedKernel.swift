import Glibc
import Inspection
import Machine
import Ownership
import Reload
import TestCaptures

/// A kernel that was recorded: each step leads to the capture that a booted kernel had after it.
///
/// Where the recording has no moment between two removals, the moment is the later capture with the module still in.
final class RecordedKernel: ModuleControl, HoldControl, MemoryControl, MachineReader, KernelMessages, FactStore, Waiter,
    Interrupts
{
    private(set) var state: MachineState
    private var after: [Step: MachineState]
    private(set) var steps: [Step] = []
    private(set) var kept: [RememberedFacts] = []
    private(set) var announced: [String] = []
    private(set) var now: Duration = .zero
    /// Steps that fail, with the error.
    var failures: [Step: ReloadError] = [:]
    /// Kernel lines that a step brings.
    var lines: [Step: [String]] = [:]
    /// The signal that comes after a step.
    var signals: [Step: String] = [:]
    /// The errno of each of the next writes to an attribute; EINTR for one that does not end by itself.
    var refusals: [MemoryAttribute: [Int32]] = [:]
    /// What was written, as a shell would write it.
    private(set) var writes: [String] = []
    /// Called before each reading, with how many there were.
    var onRead: ((Int, inout MachineState) throws(ReloadError) -> Void)?
    private var reads = 0
    /// When dax_cxl's driver is registered after the module is in.
    var driverDelay: Duration = .zero
    private var driverIsExpected: Duration = .zero
    /// When uevents end a wait; nil where none come.
    var wakesAfter: Duration?
    /// Called after a step.
    var interference: ((Step, inout MachineState) -> Void)?
    private(set) var pending: String?
    private var log: [String] = []

    init(_ state: MachineState, after: [Step: MachineState]) {
        self.state = state
        self.after = after
    }

    private func take(_ step: Step) throws(ReloadError) {
        if let failure = failures[step] {
            log += lines[step] ?? []
            throw failure
        }
        if step == .load("dax_cxl") { driverIsExpected = now + driverDelay }
        steps.append(step)
        let isHeld = step == .hold || state.isHeld && step != .release
        if var next = after[step] {
            // The reader finds what was kept.
            next.remembered = next.windows.contains(where: \.isLive) ? [] : kept.last?.regions ?? []
            if let probe = kept.last?.initialProbe { next.initialProbe.value = probe }
            state = next
        }
        state.isHeld = isHeld
        log += lines[step] ?? []
        pending = signals[step] ?? pending
        interference?(step, &state)
    }

    func insert(_ module: String, isHeld: Bool) throws(ReloadError) { try take(.load(module)) }
    func remove(_ module: String) throws(ReloadError) { try take(.unload(module)) }
    func write(_ value: String, to attribute: MemoryAttribute, while goesOn: () -> Bool) throws(WriteRefusal) {
        let refusal = refusals[attribute]?.isEmpty == false ? refusals[attribute]?.removeFirst() : nil
        if refusal == EINTR { while goesOn() { now += .seconds(1) } }
        if let refusal { throw WriteRefusal(refusal) }
        writes.append("\(value) > \(attribute.path)")
        try MemoryOfRecording(attribute: attribute, value: value).apply(to: &state)
    }
    func isOnline(block number: Int) -> Bool? { state.memory.blocks.first { $0.number == number }?.isOnline }
    func hold() throws(ReloadError) { try take(.hold) }
    func release() throws(ReloadError) { try take(.release) }
    func read() throws(ReloadError) -> MachineState {
        defer { reads += 1 }
        try onRead?(reads, &state)
        return state
    }
    func udevIsBusy() -> Bool { false }
    func hasDaxRegionDriver() -> Bool { now >= driverIsExpected }
    func kept(bootID: String?) throws(ReloadError) -> RememberedFacts? { kept.last }
    func newLines() -> [String] {
        defer { log = [] }
        return log
    }
    func announce(_ line: String) { announced.append(line) }
    func wait(upTo limit: Duration) { now += wakesAfter.map { min($0, limit) } ?? limit }
    func keep(_ facts: RememberedFacts) throws(ReloadError) { kept.append(facts) }

    var surfaces: Surfaces {
        Surfaces(
            modules: self,
            hold: self,
            memory: self,
            machine: self,
            messages: self,
            waiter: self,
            interrupts: self,
            facts: self
        )
    }
}

extension RecordedKernel {
    /// 7.3.4 with a locked region that CXL owns, and what it did on the way to hmem.
    static func lockedSwitch() throws -> RecordedKernel {
        func state(_ number: String) throws -> MachineState {
            try Inspector(root: TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", number).path).read()
        }
        let owned = try state("01")
        let daxOut = try state("03")
        var cxlOut = daxOut
        cxlOut.modules.loaded["dax_hmem"] = owned.modules.loaded["dax_hmem"]
        cxlOut.modules.loaded["dax_hmem"]?.users = []
        return RecordedKernel(
            owned,
            after: [
                .unload("dax_cxl"): cxlOut, .unload("dax_hmem"): daxOut, .unload("cxl_acpi"): try state("04"),
                .load("dax_hmem"): try state("05"), .load("cxl_acpi"): try state("08"), .load("dax_cxl"): owned,
            ]
        )
    }
}
