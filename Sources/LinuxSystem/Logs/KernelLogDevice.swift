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

    /// Writes a line with the level `info`, if the log is open for that. Consoles and terminals show it, so it is escaped.
    package func write(_ line: String) { try? file.append(Self.record(line)) }

    /// What is written for `line`: one record, with no control character in it.
    static func record(_ line: String) -> [UInt8] { Array("<6>\(line.escaped())\n".utf8) }
}

/// One record of the kernel's log: `PRIORITY,SEQUENCE,TIME,FLAGS;TEXT`, behind it lines ` KEY=value`.
package struct KernelLogRecord: Sendable, Equatable {
    /// The facility, which tells who wrote it, times eight, and the level.
    package let priority: Int
    /// The number of the record; the first of a boot has 0.
    package let sequence: Int
    /// When it was written, in microseconds since the start.
    package let microseconds: Int
    /// The text, without the lines behind it. Line ends and other bytes that can't be printed are escaped by the kernel
    /// (`\x0a`); bytes that are no UTF-8 become U+FFFD.
    package let text: String
    /// The whole record as the kernel gives it, without the line end behind it.
    private let bytes: ArraySlice<UInt8>
    /// The same as text, in which bytes that are no UTF-8 become U+FFFD.
    package var source: String { String(decoding: bytes, as: UTF8.self) }

    /// The record in `bytes`; nil if they are not a record.
    package init?(_ bytes: [UInt8]) { self.init(bytes[...]) }

    private init?(_ bytes: ArraySlice<UInt8>) {
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        guard let end = line.firstIndex(of: UInt8(ascii: ";")) else { return nil }
        let fields = line[..<end].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard fields.count >= 4, let priority = Self.number(fields[0]), let sequence = Self.number(fields[1]),
            let microseconds = Self.number(fields[2])
        else { return nil }
        self.priority = priority
        self.sequence = sequence
        self.microseconds = microseconds
        text = String(decoding: line[(end + 1)...], as: UTF8.self)
        self.bytes = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes
    }

    /// The records in `bytes`, one after the other; anything else is left out. A record begins with a digit, the lines behind
    /// it with a space.
    package static func parse(_ bytes: [UInt8]) -> [KernelLogRecord] {
        var records: [KernelLogRecord] = []
        var start = bytes.startIndex
        while start < bytes.endIndex {
            var end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
            while end + 1 < bytes.endIndex, bytes[end + 1] == UInt8(ascii: " ") {
                end = bytes[(end + 1)...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
            }
            if let record = KernelLogRecord(bytes[start..<end]) { records.append(record) }
            start = end + 1
        }
        return records
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        var number = 0
        for byte in bytes {
            guard 0x30...0x39 ~= byte, number < 1 << 58 else { return nil }
            number = number * 10 + Int(byte - 0x30)
        }
        return bytes.isEmpty ? nil : number
    }

    /// Whether the kernel itself wrote it: its facility is 0, and devkmsg_write() gives that to no process. So neither our
    /// own lines nor a service's "WARNING:" pass for the kernel's.
    package var isFromKernel: Bool { priority < 8 }

    /// The record as dmesg prints it: `[    3.224010] TEXT`.
    package var line: String {
        let seconds = String(microseconds / 1_000_000)
        let fraction = String(microseconds % 1_000_000)
        let padding = String(repeating: " ", count: max(0, 5 - seconds.utf8.count))
        return "[\(padding)\(seconds).\(String(repeating: "0", count: 6 - fraction.utf8.count))\(fraction)] \(text)"
    }
}
