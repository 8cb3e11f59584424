import Glibc
internal import LinuxSystem

/// What rolls a run back when its time is over, also if the process that carried it out is gone.
package protocol RollbackTimer {
    /// Why there can be none; nil if there can.
    var obstacle: ReloadError? { get }
    /// Has `confirmation` expire once its time is over. - Throws: `ReloadError` `.noTimer` if it is not set.
    func arm(_ confirmation: TimedConfirmation) throws(ReloadError)
    /// Stops the timer. If that fails it finds nothing to do later.
    func disarm(_ confirmation: TimedConfirmation)
}

/// A transient timer of systemd: process 1 starts the service, whatever became of the terminal and of this process.
///
/// An `OnActiveSec=` timer runs on CLOCK_MONOTONIC (systemd.timer(5)), as `UeventWaiter.now` does.
package struct SystemdTimer: RollbackTimer {
    private let programs: String
    private let runtime: String
    private let binary: String

    /// The systemd whose runtime directory is `runtime`; its programs are in the directory `programs`.
    ///
    /// - Parameter binary: A link to this program, which the service runs.
    package init(
        programs: String = "/usr/bin",
        runtime: String = "/run/systemd/system",
        binary: String = "/proc/self/exe"
    ) {
        self.programs = programs
        self.runtime = runtime
        self.binary = binary
    }

    /// sd_booted(3): the directory is there if systemd is process 1.
    package var obstacle: ReloadError? {
        guard File.exists(runtime) else {
            return ReloadError(.noTimer, "systemd is not running, so nothing could roll the run back. \(Self.fix)")
        }
        let missing = ["systemd-run", "systemctl"].first { unsafe access("\(programs)/\($0)", X_OK) != 0 }
        if let missing {
            return ReloadError(
                .noTimer,
                "\(programs)/\(missing) is missing, so nothing could roll the run back. \(Self.fix)"
            )
        }
        do { _ = try program() } catch { return error }
        return nil
    }

    private static let fix = "Leave out --confirm-within"

    /// The timer first waits from now on: the steps take time as well. The service looks at the journal, which has the
    /// time that counts.
    package func arm(_ confirmation: TimedConfirmation) throws(ReloadError) {
        if let obstacle { throw obstacle }
        let command = [
            "\(programs)/systemd-run", "--quiet", "--collect", "--no-ask-password", "--unit=\(confirmation.unit)",
            "--description=Roll back a daxswitch run that is not confirmed",
            "--on-active=\(confirmation.seconds)s", "--timer-property=AccuracySec=100ms", "--service-type=oneshot",
            // As in daxswitch-apply@.service: a way back that was begun is gone to its end.
            "--property=KillMode=mixed", "--property=TimeoutStopSec=4h",
            try program(), "confirm", "--expire", confirmation.run,
        ]
        let status: Int32
        do {
            status = try ProgramRun.status(of: command, within: .seconds(30))
        } catch {
            throw ReloadError(
                .noTimer,
                "systemd-run did not set the timer that would roll the run back",
                cause: "\(error)"
            )
        }
        guard status == 0 else {
            throw ReloadError(
                .noTimer,
                "systemd-run did not set the timer that would roll the run back",
                cause: "exit status \(status)"
            )
        }
    }

    /// The service as well: it may be waiting for a deadline.
    package func disarm(_ confirmation: TimedConfirmation) {
        let units = ["\(confirmation.unit).timer", "\(confirmation.unit).service"]
        // Units that are gone are an error of systemctl and none here.
        _ = try? ProgramRun.output(of: ["\(programs)/systemctl", "--quiet", "stop"] + units, within: .seconds(30))
    }

    /// The path of this program. systemd-run expands `%` and `$`, so a path with other characters than usual is refused.
    private func program() throws(ReloadError) -> String {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink(binary, &bytes, bytes.count)
        let path = String(decoding: bytes.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let isPlain = path.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || [0x2b, 0x2d, 0x2e, 0x2f, 0x5f].contains(byte)
        }
        guard path.hasPrefix("/"), isPlain, unsafe access(path, X_OK) == 0 else {
            throw ReloadError(
                .noTimer,
                "systemd can't start \(path.isEmpty ? "this program" : path): it was replaced, or its path has unusual characters"
            )
        }
        return path
    }
}
