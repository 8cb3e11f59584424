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

/// The kernel lines that stop a plan.
enum KernelTrouble {
    private static let signs = [
        "WARNING:", "BUG:", "kernel BUG at", "Oops", "Unable to handle kernel", "general protection fault",
        "list_del corruption", "dax_region resource conflict", "could not reserve", "removing memory fails",
        "cannot be hotremoved until the next reboot", "stuck online until reboot",
    ]

    /// The first of `lines` that is one, and is none of those that were to be `expected`.
    static func first(in lines: [String], expected: [String] = []) -> String? {
        let signs = signs.filter { !expected.contains($0) }
        return lines.first { line in signs.contains { line.contains($0) } }
    }
}
