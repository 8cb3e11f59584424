import CSystem
import Glibc
package import Inspection
import LinuxSystem
package import Machine

/// This machine, or the one below the root of its state directory.
package struct RunningMachine: MachineReader, FactStore {
    private let state: StateDirectory

    /// The machine whose state is in `state`.
    package init(_ state: StateDirectory = StateDirectory()) { self.state = state }

    /// The machine as it is now.
    package func read() throws(ReloadError) -> MachineState {
        do {
            return try Inspector(root: state.root).read()
        } catch {
            throw ReloadError(error)
        }
    }

    /// systemd-udevd has `/run/udev/queue` while events wait.
    package func udevIsBusy() -> Bool { File.exists(state.udevQueue) }

    /// A link of the bus to the driver, made by `cxl_driver_register()`.
    package func hasDaxRegionDriver() -> Bool {
        File.exists("\(state.root)/sys/bus/cxl/drivers/cxl_dax_region")
    }

    /// The facts that a run of this boot has written.
    package func kept(bootID: String?) throws(ReloadError) -> RememberedFacts? {
        do {
            return try RememberedFacts.read(from: PatientTree(root: state.root), bootID: bootID)
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

    /// Listens from now on. Without a socket every wait lasts its whole time.
    package init() { socket = daxswitch_open_uevents() }

    deinit { if socket >= 0 { close(socket) } }

    /// CLOCK_MONOTONIC.
    package var now: Duration { MonotonicClock.now }

    /// Sleeps in poll() until a uevent comes or the time is over.
    package func wait(upTo limit: Duration) { _ = hears(within: limit) }

    /// The same, and whether a uevent came; a signal ends the wait as well.
    package func hears(within limit: Duration) -> Bool {
        var watched = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        let count = unsafe poll(&watched, 1, max(limit.milliseconds, 1))
        guard socket >= 0, count > 0 else { return false }
        var bytes = [UInt8](repeating: 0, count: 8192)
        while unsafe bytes.withUnsafeMutableBytes({ unsafe recv(socket, $0.baseAddress, $0.count, 0) }) > 0 {}
        return true
    }
}
