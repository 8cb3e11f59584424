import Glibc
import LinuxSystem

/// Writes to attributes of memory and drivers, again where the kernel says so, within limits.
struct MemoryWriter {
    let surfaces: Surfaces
    let deadlines: Deadlines
    /// A signal ends it: not so on a way back.
    let isInterruptible: Bool

    /// How often pages that can't be moved are taken for pages that can't be moved just now.
    private static let busyAtMost = 4
    /// Between two attempts.
    private static let pause = Duration.milliseconds(500)

    /// Writes `value` into `attribute`; `advanced` is asked now and then whether the kernel has come further.
    ///
    /// EAGAIN is tried again until the limit. EBUSY says that a page can't be moved, which passes where it is pinned for
    /// I/O: it is tried a few times. A block that is gone is no error, since it is not online either.
    /// - Parameter passed: The errnos with which the kernel says that there was nothing to do.
    /// - Throws: `ReloadError` `.stepFailed`, `.interrupted`, `.notPermitted`, `.hung`.
    func write(
        _ value: String,
        to attribute: MemoryAttribute,
        passing passed: [Int32] = [],
        advanced: () -> Bool = { false }
    ) throws(ReloadError) {
        var since = surfaces.waiter.now
        var busy = 0
        func isInTime() -> Bool { surfaces.waiter.now - since < deadlines.block && signal == nil }
        while true {
            let refusal: WriteRefusal
            do {
                return try surfaces.memory.write(value, to: attribute) {
                    if advanced() { since = surfaces.waiter.now }
                    return isInTime()
                }
            } catch {
                refusal = error
            }
            if let place = refusal.hangsIn {
                throw ReloadError(
                    .hung,
                    "writing \(value) to \(attribute.path) did not finish and can't be stopped; a reboot ends it",
                    cause: place
                )
            }
            if passed.contains(refusal.code) { return }
            switch refusal.code {
            case ENOENT, ENODEV, ENXIO:
                if case .block = attribute, value == "offline" { return }
                throw failure(value, attribute, refusal)
            case EAGAIN, EINTR: break
            case EBUSY:
                busy += 1
                if busy >= Self.busyAtMost { throw failure(value, attribute, refusal) }
            default: throw failure(value, attribute, refusal)
            }
            if let signal {
                throw ReloadError(.interrupted, "stopped by \(signal) while \(attribute.path) was written")
            }
            guard isInTime() else {
                throw ReloadError(
                    .stepFailed,
                    "\(attribute.path) did not become \(value) within \(deadlines.block.components.seconds) s",
                    cause: "the contents of the memory could not be moved in that time"
                )
            }
            surfaces.waiter.wait(upTo: Self.pause)
        }
    }

    private var signal: String? { isInterruptible ? surfaces.interrupts.pending : nil }

    private func failure(_ value: String, _ attribute: MemoryAttribute, _ refusal: WriteRefusal) -> ReloadError {
        let isForbidden = refusal.code == EACCES || refusal.code == EPERM
        let reason = ErrorNumber(refusal.code).text
        let busy = refusal.code == EBUSY && value != "online" && attribute.isOfMemory
        return ReloadError(
            isForbidden ? .notPermitted : .stepFailed,
            "\(attribute.path) does not take \(value)",
            cause: busy ? "\(reason): something in the memory can't be moved" : reason
        )
    }
}
