import LinuxSystem

/// The kernel's log through `/dev/kmsg`.
package final class KmsgMessages: KernelMessages {
    private let log: KernelLogDevice?

    /// Reads what comes from now on. Where `/dev/kmsg` can't be opened nothing is read and nothing written.
    package init() {
        log = try? KernelLogDevice(isWritten: true)
        log?.skipToEnd()
    }

    /// The lines since the last call that the kernel itself wrote.
    package func newLines() -> [String] {
        (log?.records() ?? []).filter(\.isFromKernel).map(\.text)
    }

    /// Writes `<6>daxswitch: LINE`.
    package func announce(_ line: String) { log?.write("daxswitch: \(line)") }
}
