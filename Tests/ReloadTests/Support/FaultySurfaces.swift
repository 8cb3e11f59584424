import Glibc
import Inspection
import Iomem
import LinuxSystem
import Machine
import Ownership

@testable import Kmod
@testable import Reload

/// The surfaces of a recorded kernel, where one call, told by its number, does not go well.
final class FaultySurfaces: ModuleControl, HoldControl, MemoryControl, MachineReader, KernelMessages, FactStore, Waiter,
    Interrupts, Inhibitor, JournalStore
{
    /// What happens at the call.
    enum Fault: CustomStringConvertible {
        /// It fails and has no effect.
        case fails(ReloadError.Code)
        /// The kernel refuses it with this number, and it has no effect.
        case refused(Int32)
        /// It has its effect and fails anyway.
        case failsWithEffect(ReloadError.Code)
        /// The kernel's log has this line by then.
        case complaint(String)
        /// A signal has come by then.
        case signal
        /// The process is killed before the effect, or after it.
        case killed(afterEffect: Bool)
        /// The process is killed in the middle of a hold or a release.
        case killedWithin

        var description: String {
            switch self {
            case .fails(let code): "fails, \(code.rawValue)"
            case .refused(let number): "\(ErrorNumber(number))"
            case .failsWithEffect(let code): "takes effect and fails, \(code.rawValue)"
            case .complaint: "the kernel complains"
            case .signal: "a signal comes"
            case .killed(let after): "killed \(after ? "after" : "before") it"
            case .killedWithin: "killed within it"
            }
        }
    }

    let kernel: RecordedKernel
    /// The journal as a new process would find it.
    var journal: [UInt8]?
    /// The number of the call that does not go well, and how.
    var fault: (call: Int, Fault)?
    /// The calls that were made, by name.
    private(set) var calls: [String] = []
    private(set) var isDead = false
    private var signalCame = false
    private var lines: [String] = []

    init(_ kernel: RecordedKernel, journal: [UInt8]? = nil) {
        self.kernel = kernel
        self.journal = journal
    }

    private func call<Value>(
        _ name: String,
        _ body: () throws(ReloadError) -> Value
    ) throws(ReloadError) -> Value {
        guard !isDead else { throw ReloadError(.unavailable, "killed") }
        calls.append(name)
        guard let fault, fault.call == calls.count - 1 else { return try body() }
        switch fault.1 {
        case .fails(let code): throw ReloadError(code, "\(name) was made to fail")
        case .refused(let number): throw Self.refusal(of: name, number)
        case .failsWithEffect(let code):
            _ = try body()
            throw ReloadError(code, "\(name) was made to fail")
        case .complaint(let line): lines.append(line)
        case .signal: signalCame = true
        case .killed(let after):
            if after { _ = try body() }
            throw die()
        case .killedWithin:
            kernel.cutHoldOff()
            throw die()
        }
        return try body()
    }

    private func die() -> ReloadError {
        isDead = true
        return ReloadError(.unavailable, "killed")
    }

    /// What the real surface makes of the number.
    private static func refusal(of name: String, _ number: Int32) -> ReloadError {
        switch name {
        case "insert": return ReloadError(.insertion(of: "a", errno: number, modulesDisabled: false), "load a")
        case "remove":
            let error = KmodError.removal(of: "a", errno: number, state: .live, holders: [], modulesDisabled: false)
            return ReloadError(error, "remove a")
        default:
            return ReloadError(.failing(name, number))
        }
    }

    func insert(_ module: String, isHeld: Bool) throws(ReloadError) {
        try call("insert") { () throws(ReloadError) in try kernel.insert(module, isHeld: isHeld) }
    }
    func remove(_ module: String) throws(ReloadError) {
        try call("remove") { () throws(ReloadError) in try kernel.remove(module) }
    }
    func checkLoadable(_ loads: [PendingLoad], besides present: Set<String>) throws(ReloadError) {
        try call("check") { () throws(ReloadError) in try kernel.checkLoadable(loads, besides: present) }
    }
    func hold() throws(ReloadError) { try call("hold") { () throws(ReloadError) in try kernel.hold() } }
    func release() throws(ReloadError) { try call("release") { () throws(ReloadError) in try kernel.release() } }
    func read() throws(ReloadError) -> MachineState {
        try call("read") { () throws(ReloadError) in try kernel.read() }
    }
    func kept(bootID: String?) throws(ReloadError) -> RememberedFacts? {
        try call("kept") { () throws(ReloadError) in try kernel.kept(bootID: bootID) }
    }
    func keep(_ facts: RememberedFacts) throws(ReloadError) {
        try call("keep") { () throws(ReloadError) in try kernel.keep(facts) }
    }
    func write(_ value: String, to attribute: MemoryAttribute, while goesOn: () -> Bool) throws(WriteRefusal) {
        var refusal: WriteRefusal?
        do {
            try call("write") { () throws(ReloadError) in
                do throws(WriteRefusal) {
                    try kernel.write(value, to: attribute, while: goesOn)
                } catch {
                    refusal = error
                }
            }
        } catch {
            throw WriteRefusal(error.code == .busy ? EAGAIN : EBUSY)
        }
        if let refusal { throw refusal }
    }
    func value(of attribute: MemoryAttribute) -> String? { kernel.value(of: attribute) }
    func isOnline(block number: Int) -> Bool? { kernel.isOnline(block: number) }
    func hasDaxRegionDriver() -> Bool { kernel.hasDaxRegionDriver() }
    func udevIsBusy() -> Bool { kernel.udevIsBusy() }
    func newLines() -> [String] {
        defer { lines = [] }
        return kernel.newLines() + lines
    }
    func announce(_ line: String) { kernel.announce(line) }
    var now: Duration { kernel.now }
    func readIomem() -> IomemTree? { kernel.readIomem() }
    func wait(upTo limit: Duration) -> Bool { kernel.wait(upTo: limit) }
    func waitForQuiet(upTo limit: Duration) { kernel.waitForQuiet(upTo: limit) }
    func hasHeard() -> Bool { kernel.hasHeard() }
    var lastHeard: Duration? { kernel.lastHeard }
    func note(_ progress: RunProgress) { kernel.note(progress) }
    func inhibit(because reason: String) throws(ReloadError) { try kernel.inhibit(because: reason) }
    func allow() { kernel.allow() }
    var pending: String? { signalCame ? "SIGTERM" : kernel.pending }

    var place: String { "the journal" }
    func readAll() throws(ReloadError) -> [UInt8]? {
        try call("journal-read") { () throws(ReloadError) in journal }
    }
    func begin(_ line: [UInt8]) throws(ReloadError) {
        try call("journal-begin") { () throws(ReloadError) in journal = line }
    }
    func append(_ line: [UInt8]) throws(ReloadError) {
        try call("journal-append") { () throws(ReloadError) in
            let text = journal ?? []
            let whole = text.prefix((text.lastIndex(of: 0x0a) ?? -1) + 1)
            journal = Array(whole) + line
        }
    }
    func putAside() throws(ReloadError) {
        try call("journal-aside") { () throws(ReloadError) in journal = nil }
    }

    var surfaces: Surfaces {
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
            journal: self,
            timer: kernel
        )
    }
}
