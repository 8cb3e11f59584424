import Glibc
import LinuxSystem

/// Having systemd-udevd heed rules and drop-ins that were just written or removed.
package protocol UdevControl {
    /// Returns when no event that comes from now on is handled by the old rules; at once where no udevd runs.
    func reload()
}

/// The udevd of this machine.
///
/// By itself it looks for changed rules no more often than every 3 s, when the first event after that arrives (systemd,
/// src/udev/udevd.c and udev-manager.c: event_queue_start()), and since v256 changed rules no longer make it read
/// modprobe's directories again. `udevadm control --reload` has it read both, and returns when udevd has answered.
package struct RunningUdev: UdevControl {
    private let waiter: any Waiter
    private let programs: [String]
    private let socket: String

    /// What udevd looks at between two looks at its rules, and some room.
    private static let interval = Duration.milliseconds(3200)

    /// The udevd behind `socket`, told by the first of `programs` that there is.
    package init(
        waiter: any Waiter,
        programs: [String] = ["/usr/bin/udevadm", "/bin/udevadm", "/sbin/udevadm"],
        socket: String = "/run/udev/control"
    ) {
        self.waiter = waiter
        self.programs = programs
        self.socket = socket
    }

    /// Tells udevd; where that can't be done, waits until it must have looked by itself.
    package func reload() {
        guard File.exists(socket) else { return }
        if let program = programs.first(where: { unsafe access($0, X_OK) == 0 }),
            (try? ProgramRun.status(of: [program, "control", "--reload", "--timeout=5"])) == 0
        {
            return
        }
        let start = waiter.now
        while waiter.now - start < Self.interval { waiter.wait(upTo: Self.interval - (waiter.now - start)) }
    }
}
