internal import Glibc

/// The kernel's log, `/dev/kmsg`, from its oldest record on (Documentation/ABI/testing/dev-kmsg).
package struct KernelLogDevice: ~Copyable {
    private let file: File

    /// Opens the log for reading, and for writing if `isWritten` and the process may do that.
    ///
    /// - Throws: `SystemError` with the errno.
    package init(isWritten: Bool = false) throws(SystemError) {
        let path = "/dev/kmsg"
        if isWritten, let file = try? File(path, O_RDWR | O_NONBLOCK, follows: true) {
            self.file = file
        } else {
            file = try File(path, O_RDONLY | O_NONBLOCK, follows: true)
        }
    }

    /// From now on only records are read that come later.
    package func skipToEnd() { lseek(file.descriptor, 0, SEEK_END) }

    /// The records that were not read yet.
    package func records() -> [KernelLogRecord] {
        var records: [KernelLogRecord] = []
        while true {
            do throws(SystemError) {
                // One read is one record, of at most 8192 bytes (CONSOLE_EXT_LOG_MAX in kernel/printk).
                let bytes = try file.readPart()
                if bytes.isEmpty { return records }
                if let record = KernelLogRecord(bytes) { records.append(record) }
            } catch {
                // EPIPE: records were overwritten before they could be read; the next read goes on behind them.
                guard error.number?.number == EPIPE else { return records }
            }
        }
    }

    /// Writes a line with the level `info`, if the log is open for that.
    package func write(_ line: String) { try? file.append(Array("<6>\(line)\n".utf8)) }
}

/// One record of the kernel's log: `PRIORITY,SEQUENCE,TIME,FLAGS;TEXT`, behind it lines ` KEY=value`.
package struct KernelLogRecord: Sendable, Equatable {
    /// The facility, which tells who wrote it, times eight, and the level.
    package let priority: Int
    /// The text, without the lines behind it. Bytes that are no UTF-8 become U+FFFD.
    package let text: String

    /// The record in `bytes`; nil if they are none.
    package init?(_ bytes: [UInt8]) {
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        let digits = line.prefix { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: ";") }
        guard let end = line.firstIndex(of: UInt8(ascii: ";")),
            let priority = Int(String(decoding: digits, as: UTF8.self)), priority >= 0
        else { return nil }
        self.priority = priority
        text = String(decoding: line[(end + 1)...], as: UTF8.self)
    }

    /// Whether the kernel itself wrote it: its facility is 0, and devkmsg_write() gives that to no process. So neither our
    /// own lines nor a service's "WARNING:" pass for the kernel's.
    package var isFromKernel: Bool { priority < 8 }
}
