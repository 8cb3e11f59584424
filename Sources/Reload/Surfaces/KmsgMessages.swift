import Glibc

/// The kernel's log through `/dev/kmsg`.
package final class KmsgMessages: KernelMessages {
    private let descriptor: Int32

    /// Reads what comes from now on. Where `/dev/kmsg` can't be opened nothing is read and nothing written.
    package init() {
        var file = unsafe open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC)
        if file < 0 { file = unsafe open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
        descriptor = file
        if file >= 0 { lseek(file, 0, SEEK_END) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The lines since the last call. A record is `PRIORITY,SEQUENCE,TIME,FLAGS;TEXT` (Documentation/ABI/testing/dev-kmsg).
    package func newLines() -> [String] {
        guard descriptor >= 0 else { return [] }
        var lines: [String] = []
        var bytes = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            // EPIPE: records were overwritten before they could be read; what is left is read on.
            if count < 0 && (errno == EPIPE || errno == EINTR) { continue }
            guard count > 0 else { return lines }
            let record = String(decoding: bytes.prefix(count), as: UTF8.self)
            if let text = Self.kernelText(of: record) { lines.append(text) }
        }
    }

    /// The text of a record that the kernel itself wrote; nil for one that came from user space.
    ///
    /// The priority is `facility * 8 + level`; the kernel's facility is 0, and devkmsg_write() gives that to nobody
    /// else. So neither our own lines nor a service's "WARNING:" pass for the kernel's.
    static func kernelText(of record: String) -> String? {
        let parts = record.prefix { $0 != "\n" }.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let priority = parts[0].split(separator: ",").first.flatMap({ Int($0) }), priority < 8
        else { return nil }
        return String(parts[1])
    }

    /// Writes `<6>daxswitch: LINE`.
    package func announce(_ line: String) {
        guard descriptor >= 0 else { return }
        let bytes = Array("<6>daxswitch: \(line)\n".utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    }
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
