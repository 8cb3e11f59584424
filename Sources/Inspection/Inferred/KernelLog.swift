internal import Glibc

/// The kernel log of a machine since it started, as far as it is kept.
package protocol KernelLog: Sendable {
    /// The lines, oldest first; nil where the log can't be read.
    func lines() -> [String]?
}

/// The log in the file `dmesg` of a recorded machine.
package struct RecordedKernelLog: KernelLog {
    private let tree: any FileTree

    /// The log of the machine in `tree`.
    package init(tree: any FileTree) { self.tree = tree }

    /// The lines of the file; nil where it is absent or unreadable.
    package func lines() -> [String]? {
        do {
            return try tree.text("/dmesg")?.split(separator: "\n").map(String.init)
        } catch {
            // The log only adds facts; without it the other sources stand alone.
            return nil
        }
    }
}

/// The log of the running kernel, from `/dev/kmsg` (Documentation/ABI/testing/dev-kmsg).
package struct RunningKernelLog: KernelLog {
    /// The log of this machine.
    package init() {}

    /// The records in the kernel's buffer; nil without the privilege.
    package func lines() -> [String]? {
        let file = unsafe open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var lines: [String] = []
        // One read is one record; CONSOLE_EXT_LOG_MAX in kernel/printk is 8192 bytes.
        var buffer = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress, $0.count) }
            if count > 0 {
                lines.append(Self.message(in: buffer[..<count]))
            } else if count < 0 && (errno == EPIPE || errno == EINTR) {
                // EPIPE: records were overwritten meanwhile, the next read goes on behind them.
                continue
            } else {
                return lines
            }
        }
    }

    /// The text of a record `priority,sequence,time,flags;text`, without its continuation lines (` KEY=value`).
    static func message(in record: ArraySlice<UInt8>) -> String {
        let text = record.drop { $0 != UInt8(ascii: ";") }.dropFirst().prefix { $0 != UInt8(ascii: "\n") }
        return String(decoding: text, as: UTF8.self)
    }
}
