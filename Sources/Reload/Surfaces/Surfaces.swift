package import Inspection
package import Iomem
package import Machine

/// Loading and removing modules.
package protocol ModuleControl {
    /// Loads `module`: as modprobe would, or while `isHeld` its hard dependencies and the module alone.
    ///
    /// With soft dependencies, 6.x would load `cxl_acpi` again with dax_hmem (its `softdep pre:`).
    /// - Throws: `ReloadError` `.stepFailed`, `.notPermitted` or `.hung`; a module that is loaded already is no error.
    func insert(_ module: String, isHeld: Bool) throws(ReloadError)

    /// Removes that one module; one that is not loaded is no error.
    /// - Throws: `ReloadError` `.stepFailed`, `.notPermitted` or `.hung`.
    func remove(_ module: String) throws(ReloadError)

    /// Finds out whether each of `loads` could be done while the modules `present` are in, and does nothing.
    /// - Throws: `ReloadError` `.notLoadable` for the first that could not, with the file that is missing or the command that
    ///   stands in the way.
    func checkLoadable(_ loads: [PendingLoad], besides present: Set<String>) throws(ReloadError)
}

/// Keeping `cxl_acpi` out, and letting it in again.
package protocol HoldControl {
    /// Puts the hold in place. - Throws: `ReloadError` `.unavailable`.
    func hold() throws(ReloadError)
    /// Takes it away. - Throws: `ReloadError` `.unavailable`.
    func release() throws(ReloadError)
}

/// Reading the machine.
package protocol MachineReader {
    /// The machine as it is now.
    /// - Throws: `ReloadError` `.unavailable` or `.notPermitted`; `.busy` where the machine changed all the while.
    func read() throws(ReloadError) -> MachineState
    /// `/proc/iomem` alone, for which no more is read; nil if it can't be read.
    func readIomem() -> IomemTree?
    /// Whether the driver by which dax_cxl takes regions is registered with the CXL bus.
    func hasDaxRegionDriver() -> Bool
    /// Whether udev has events to work on; false where there is no udev.
    func udevIsBusy() -> Bool
}

/// The kernel's log.
package protocol KernelMessages {
    /// The lines since the last call, without ours.
    func newLines() -> [String]
    /// Writes a line of ours into the log, so it reads as one story.
    func announce(_ line: String)
}

/// Time, and waiting for something to happen.
package protocol Waiter {
    /// Time that never goes back, since some moment.
    var now: Duration { get }
    /// Returns true when the kernel announces a change of a device or udev comes to rest, false after `limit`.
    @discardableResult func wait(upTo limit: Duration) -> Bool
    /// Returns when the kernel has announced nothing for some milliseconds, or after `limit`: changes come in bursts.
    func waitForQuiet(upTo limit: Duration)
    /// Whether the kernel has announced a change since this was asked or waited for; returns at once.
    func hasHeard() -> Bool
    /// When an announcement was noticed last, on the clock of `now`; nil if there was none.
    var lastHeard: Duration? { get }
}

/// Signals that ask for an end.
package protocol Interrupts {
    /// The name of the signal that came (`SIGINT`), nil where none has.
    var pending: String? { get }
    /// A signal that ends the process at once ends it with the exit code that `progress` has.
    func note(_ progress: RunProgress)
}

/// Keeping the host from being suspended and shut down.
package protocol Inhibitor {
    /// Keeps both away until `allow`, or until this process ends; `reason` is shown to whoever asks for one of them.
    /// - Throws: `ReloadError` if it can't be had, as without logind.
    func inhibit(because reason: String) throws(ReloadError)
    /// Allows both again; nothing if they are not kept away.
    func allow()
}

extension Inhibitor {
    /// Does `body` while the host is kept from being suspended and shut down.
    ///
    /// It is done without that too: a run is not stopped by a host that has no logind, or one that doesn't answer.
    /// - Parameter unable: Told why it can't be had, before `body`.
    package func inhibiting<Value, Failure: Error>(
        because reason: String,
        unable: (String) -> Void,
        _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        do { try inhibit(because: reason) } catch { unable("\(error)") }
        defer { allow() }
        return try body()
    }
}

/// How far a run has come with the machine, for whoever ends it at once.
package enum RunProgress: Sendable {
    /// It is as it was: nothing has begun, or it was undone.
    case unchanged
    /// The journal is open.
    case halfWay
    /// It is as planned.
    case done
}

/// What must be remembered while `cxl_acpi` is not loaded, since sysfs then shows no decoder.
package protocol FactStore {
    /// What was kept in the boot `bootID`; nil where nothing was. - Throws: `ReloadError` `.unavailable`.
    func kept(bootID: String?) throws(ReloadError) -> RememberedFacts?
    /// Keeps `facts` until the next boot. - Throws: `ReloadError` `.unavailable`.
    func keep(_ facts: RememberedFacts) throws(ReloadError)
}

/// Everything of the machine that carrying out a plan touches; a real and a recorded set exist.
package struct Surfaces {
    let modules: any ModuleControl
    let hold: any HoldControl
    let memory: any MemoryControl
    let machine: any MachineReader
    let messages: any KernelMessages
    let waiter: any Waiter
    let interrupts: any Interrupts
    let inhibitor: any Inhibitor
    let facts: any FactStore
    let journal: any JournalStore
    let timer: any RollbackTimer

    /// A set of surfaces.
    package init(
        modules: any ModuleControl,
        hold: any HoldControl,
        memory: any MemoryControl,
        machine: any MachineReader,
        messages: any KernelMessages,
        waiter: any Waiter,
        interrupts: any Interrupts,
        inhibitor: any Inhibitor,
        facts: any FactStore,
        journal: any JournalStore,
        timer: any RollbackTimer
    ) {
        self.modules = modules
        self.hold = hold
        self.memory = memory
        self.machine = machine
        self.messages = messages
        self.waiter = waiter
        self.interrupts = interrupts
        self.inhibitor = inhibitor
        self.facts = facts
        self.journal = journal
        self.timer = timer
    }

    /// The real surfaces of this machine. From now on signals that ask for an end are counted.
    ///
    /// - Parameter observer: One that has read the machine and listened to it for some time; nil for a new one.
    package static func ofThisMachine(_ state: StateDirectory, observer: MachineObserver? = nil) -> Surfaces {
        let observer = observer ?? MachineObserver(state)
        let running = RunningMachine(state, inspector: observer.inspector)
        let waiter = observer.waiter
        return Surfaces(
            modules: LibkmodModules(),
            hold: DropInHold(state, udev: RunningUdev(waiter: waiter)),
            memory: SysfsMemory(root: state.root),
            machine: running,
            messages: KmsgMessages(),
            waiter: waiter,
            interrupts: SignalInterrupts(),
            inhibitor: LogindInhibitor(),
            facts: running,
            journal: JournalFile(state),
            timer: SystemdTimer()
        )
    }
}
