import Glibc

/// The kernel's log through `/dev/kmsg`.
public final class KmsgMessages: KernelMessages {
    private let descriptor: Int32

    /// Reads what comes from now on. Where `/dev/kmsg` can't be opened nothing is read and nothing written.
    public init() {
        var file = unsafe open("/dev/kmsg", O_RDWR | O_NONBLOCK | O_CLOEXEC)
        if file < 0 { file = unsafe open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
        descriptor = file
        if file >= 0 { lseek(file, 0, SEEK_END) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The lines since the last call. A record is `PRIORITY,SEQUENCE,TIME,FLAGS;TEXT` (Documentation/ABI/testing/dev-kmsg).
    public func newLines() -> [String] {
        guard descriptor >= 0 else { return [] }
        var lines: [String] = []
        var bytes = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            // EPIPE: records were overwritten before they could be read; what is left is read on.
            if count < 0 && (errno == EPIPE || errno == EINTR) { continue }
            guard count > 0 else { return lines }
            let record = String(decoding: bytes.prefix(count), as: UTF8.self)
            guard let text = record.split(separator: "\n").first?.split(separator: ";", maxSplits: 1).last else {
                continue
            }
            if !text.hasPrefix(Self.mark) { lines.append(String(text)) }
        }
    }

    /// Writes `<6>daxswitch: LINE`.
    public func announce(_ line: String) {
        guard descriptor >= 0 else { return }
        let bytes = Array("<6>\(Self.mark) \(line)\n".utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    }

    private static let mark = "daxswitch:"
}

/// The kernel lines that stop a plan.
enum KernelTrouble {
    private static let signs = [
        "WARNING:", "BUG:", "Oops", "general protection fault", "dax_region resource conflict", "could not reserve",
        "cannot be hotremoved until the next reboot", "stuck online until reboot", "list_del corruption",
    ]

    /// The first of `lines` that is one.
    static func first(in lines: [String]) -> String? {
        lines.first { line in signs.contains { line.contains($0) } }
    }
}
