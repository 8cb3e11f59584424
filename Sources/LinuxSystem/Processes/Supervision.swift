private import CSystem
private import Glibc
private import Synchronization

/// A command that only reads and prints, as a child of its own process.
///
/// A file that does not answer holds up only the child, and the parent can still say so. The child reads for itself, so nothing
/// that it reads must be handed over: that takes as long as the reading.
package enum Supervision {
    /// What this process is doing, for the parent that watches it.
    private static let current = Mutex<WatchedReading.Note?>(nil)
    /// A file did not answer, and this process does what its child could not.
    private static let brokenOff = Atomic<Bool>(false)

    /// What this process notes for its parent; nil if it has none that watches.
    package static var note: WatchedReading.Note? { current.withLock { $0 } }

    /// Whether a child was given up; what did not answer it is not asked again.
    static var wasBrokenOff: Bool { brokenOff.load(ordering: .relaxed) }

    /// Goes on in a child, and ends as that ends.
    ///
    /// Returns in the child. Returns in this process if a file did not answer the child, which is not asked again; and if no child
    /// can be started or watched.
    package static func goOnInChild() {
        guard let note = try? WatchedReading.Note() else { return }
        // Else the child would write again what stands in the buffers.
        fflush(nil)
        let pid = daxswitch_go_on_in_child()
        if pid == 0 { return current.withLock { $0 = note } }
        guard pid > 0, let child = try? ChildProcess(pid) else { return }
        do {
            try WatchedReading().wait(for: child, note) { end(as: $0) }
        } catch {
            brokenOff.store(true, ordering: .relaxed)
        }
    }

    /// Ends this process with `status`, which waitpid(2) gave for another one.
    private static func end(as status: Int32) -> Never {
        let signal = status & 0x7f
        if signal != 0 {
            _ = Glibc.signal(signal, SIG_DFL)
            kill(getpid(), signal)
        }
        _exit(signal == 0 ? status >> 8 & 0xff : 128 + signal)
    }
}
