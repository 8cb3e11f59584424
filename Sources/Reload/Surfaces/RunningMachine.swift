import CSystem
import Glibc
package import Inspection
package import Iomem
import LinuxSystem
package import Machine

/// This machine, or the one below the root of its state directory.
package struct RunningMachine: MachineReader, FactStore {
    private let state: StateDirectory
    private let inspector: Inspector

    /// The machine whose state is in `state`.
    ///
    /// - Parameter inspector: One that has read it before; nil for one of its own.
    package init(_ state: StateDirectory = StateDirectory(), inspector: Inspector? = nil) {
        self.state = state
        self.inspector = inspector ?? Inspector(root: state.root, isOfRun: true)
    }

    /// The machine as it is now.
    package func read() throws(ReloadError) -> MachineState {
        do {
            return try inspector.read()
        } catch {
            throw ReloadError(error)
        }
    }

    /// The kernel makes it of its own list and waits for nothing, so it is read here.
    package func readIomem() -> IomemTree? {
        let path = "\(state.root)/proc/iomem"
        return try? IomemTree(parsing: try File(path, O_RDONLY).readAll(), file: path)
    }

    /// systemd-udevd has `/run/udev/queue` while events wait.
    package func udevIsBusy() -> Bool { File.exists(state.udevQueue) }

    /// A link of the bus to the driver, made by `cxl_driver_register()`.
    package func hasDaxRegionDriver() -> Bool {
        File.exists("\(state.root)/sys/bus/cxl/drivers/cxl_dax_region")
    }

    /// The facts that a run of this boot has written, in `/run`, which waits for nothing.
    package func kept(bootID: String?) throws(ReloadError) -> RememberedFacts? {
        do {
            return try RememberedFacts.read(from: DirectoryTree(root: state.root), bootID: bootID)
        } catch {
            throw ReloadError(error)
        }
    }

    /// Writes the facts where the next reading finds them.
    package func keep(_ facts: RememberedFacts) throws(ReloadError) {
        try StateDirectory.write(facts.serialized(), to: state.facts, isPrivate: true)
    }
}

extension ReloadError {
    /// A reading that failed.
    fileprivate init(_ error: InspectionError) {
        let code: Code =
            switch error.code {
            case .notPermitted: .notPermitted
            case .unstable, .notAnswering: .busy
            case .badCapture, .missingFeature, .unreadable: .unavailable
            }
        self.init(code, error.message)
    }
}

/// The signals that ask for an end, counted from `init` on.
package struct SignalInterrupts: Interrupts {
    /// From now on these signals end nothing by themselves.
    package init() { daxswitch_watch_interrupts() }

    /// The signal that came, by name.
    package var pending: String? {
        switch daxswitch_last_interrupt() {
        case 0: nil
        case SIGINT: "SIGINT"
        case SIGTERM: "SIGTERM"
        default: "SIGHUP"
        }
    }

    /// For the handler of a second SIGINT.
    package func note(_ progress: RunProgress) {
        switch progress {
        case .unchanged: daxswitch_note_progress(DAXSWITCH_UNCHANGED)
        case .halfWay: daxswitch_note_progress(DAXSWITCH_HALF_WAY)
        case .done: daxswitch_note_progress(DAXSWITCH_DONE)
        }
    }
}

/// Time that nobody sets and that stands still while the host sleeps.
package enum MonotonicClock {
    /// CLOCK_MONOTONIC.
    package static var now: Duration {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}

/// The kernel's announcements of devices that come and go, and the monotonic clock.
package final class UeventWaiter: Waiter {
    private let socket: Int32
    private let removals: Int32
    private var heard: Duration?

    /// Listens from now on. Without a socket every wait lasts its whole time.
    ///
    /// - Parameter directory: A wait also ends if a file is removed from it; nil, or one that is not there: only by uevents.
    package init(watching directory: String? = nil) {
        socket = daxswitch_open_uevents()
        removals = directory.map { unsafe daxswitch_open_removals($0) } ?? -1
        // Before that the kernel may have announced something just now.
        heard = MonotonicClock.now
    }

    deinit { for descriptor in [socket, removals] where descriptor >= 0 { close(descriptor) } }

    /// CLOCK_MONOTONIC.
    package var now: Duration { MonotonicClock.now }

    /// Sleeps in poll() until a uevent comes, a file is removed or the time is over.
    @discardableResult package func wait(upTo limit: Duration) -> Bool { hears(within: limit) }

    /// How long nothing must come to end a burst.
    private static let quiet = Duration.milliseconds(5)

    /// Waits while uevents come with less than 5 ms between them.
    package func waitForQuiet(upTo limit: Duration) {
        let end = now + limit
        while hears(within: Self.quiet) && now < end {}
    }

    /// Waits and tells whether something came; a signal ends the wait as well.
    package func hears(within limit: Duration) -> Bool {
        // poll() leaves out descriptors below 0.
        var watched = [socket, removals].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let count = unsafe poll(&watched, 2, max(limit.milliseconds, 1))
        guard count > 0 else { return false }
        _ = drain(removals)
        if drain(socket) { heard = now }
        return true
    }

    /// Whether a uevent came since one was last waited for or asked for. Without a socket one may have come.
    package func hasHeard() -> Bool {
        guard socket < 0 || drain(socket) else { return false }
        heard = now
        return true
    }

    /// When one was last read from the socket, which is not before the kernel sent it. Without a socket: just now.
    package var lastHeard: Duration? { socket < 0 ? now : heard }

    /// Reads all that came; whether that is anything.
    private func drain(_ descriptor: Int32) -> Bool {
        guard descriptor >= 0 else { return false }
        var bytes = [UInt8](repeating: 0, count: 8192)
        var isAnything = false
        while true {
            let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            // Some were lost if the socket had no room for them (netlink(7)).
            guard count > 0 || count < 0 && errno == ENOBUFS else { return isAnything }
            isAnything = true
        }
    }
}
