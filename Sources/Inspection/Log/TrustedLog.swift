internal import LinuxSystem

/// The messages of a kernel log that only the kernel can have written, each without the time in front.
///
/// - Records of another facility than the kernel's are left out.
/// - What the boot printed before there were processes is apart: nobody else can have written there.
/// - A recorded text has no facilities, and a message with a line end in it is several lines there, each with the time of
///   the record (kernel/printk/printk.c: record_print_text()). So a user can put a whole line into it, in the name of a file.
///   Lines of one time count only if the kernel alone writes every one of them.
struct TrustedLog {
    /// There is no log, or nothing in it.
    let isEmpty: Bool
    /// The log begins with the boot and has no gap: the buffer loses its oldest records first.
    let isWhole: Bool
    /// What was printed before there were processes.
    let boot: [Substring]
    /// What was printed later.
    let later: [Substring]

    /// The messages of `log`.
    init(_ log: KernelLogContent?) {
        switch log {
        case nil: self.init(isEmpty: true, isWhole: false, boot: [], later: [])
        case .records(let records): self.init(records)
        case .lines(let lines): self.init(lines.map { LogLine($0) })
        }
    }

    private init(isEmpty: Bool, isWhole: Bool, boot: [Substring], later: [Substring]) {
        self.isEmpty = isEmpty
        self.isWhole = isWhole
        self.boot = boot
        self.later = later
    }

    private init(_ records: [KernelLogRecord]) {
        let isWhole =
            records.first?.sequence == 0
            && zip(records, records.dropFirst()).allSatisfy { $0.sequence + 1 == $1.sequence }
        let own = records.filter(\.isFromKernel)
        let boot: Int
        if records.first?.sequence == 0 {
            boot = own.firstIndex { KernelMessage.commandLine.form.fits($0.text) } ?? 0
        } else {
            boot = own.firstIndex { $0.microseconds != 0 } ?? own.count
        }
        self.init(
            isEmpty: records.isEmpty,
            isWhole: isWhole,
            boot: own[..<boot].map { $0.text[...] },
            later: own[boot...].map { $0.text[...] }
        )
    }

    private init(_ lines: [LogLine]) {
        guard let first = lines.first else {
            self.init(isEmpty: true, isWhole: false, boot: [], later: [])
            return
        }
        switch first.stamp {
        case .seconds:
            let boot = lines.firstIndex { $0.stamp != .seconds(0) } ?? lines.count
            self.init(
                isEmpty: false,
                isWhole: lines[..<boot].contains { KernelMessage.version.form.fits($0.message) },
                boot: lines[..<boot].compactMap(\.trusted),
                later: Self.alone(lines[boot...])
            )
        case .none:
            // As `daxswitch collect` 0.1.0 wrote it: a line is a record, with every line end in it escaped.
            let isWhole = KernelMessage.version.form.fits(first.message)
            let end = lines.firstIndex { KernelMessage.commandLine.form.fits($0.message) }
            let boot = isWhole ? end ?? 0 : 0
            self.init(
                isEmpty: false,
                isWhole: isWhole,
                boot: lines[..<boot].compactMap(\.trusted),
                later: lines[boot...].compactMap(\.trusted)
            )
        case .date:
            // Lines of one second can't be told apart.
            self.init(isEmpty: false, isWhole: false, boot: [], later: [])
        }
    }

    /// The lines that stand alone at their time, or with others that the kernel alone writes. A line without a time goes on
    /// with the one before it.
    private static func alone(_ lines: ArraySlice<LogLine>) -> [Substring] {
        var groups: [[LogLine]] = []
        for line in lines {
            if let last = groups.last?.first, line.stamp == last.stamp || line.stamp == .none {
                groups[groups.count - 1].append(line)
            } else {
                groups.append([line])
            }
        }
        return groups.flatMap { group -> [Substring] in
            let isAlone =
                group.count == 1
                || group.allSatisfy { line in KernelMessage.all.contains { $0.form.fits(line.message) } }
            return isAlone ? group.compactMap(\.trusted) : []
        }
    }
}

/// A line of a recorded text: `<6>[    3.224010][    T1] MESSAGE`, with or without each of the three in front.
private struct LogLine {
    enum Stamp: Equatable {
        case none
        /// In microseconds since the start.
        case seconds(Int)
        /// A date, as `dmesg -T` writes it.
        case date
    }

    let message: Substring
    private(set) var stamp = Stamp.none
    private var priority = 0

    /// The message, if no other facility than the kernel's is shown.
    var trusted: Substring? { priority < 8 ? message : nil }

    init(_ line: String) {
        var rest = Substring(line).utf8[...]
        if rest.first == UInt8(ascii: "<"), let close = rest.firstIndex(of: UInt8(ascii: ">")),
            let number = Int(String(rest[..<close].dropFirst()) ?? "")
        {
            priority = number
            rest = rest[close...].dropFirst()
        }
        if let (inside, behind) = Self.bracket(rest), let stamp = Self.stamp(inside) {
            self.stamp = stamp
            rest = behind
            // The thread or the processor that printed it (CONFIG_PRINTK_CALLER).
            if let (inside, behind) = Self.bracket(rest), Self.isCaller(inside) { rest = behind }
            if rest.first == UInt8(ascii: " ") { rest.removeFirst() }
        }
        message = Substring(rest)
    }

    private static func bracket(
        _ text: Substring.UTF8View
    ) -> (inside: Substring.UTF8View, behind: Substring.UTF8View)? {
        guard text.first == UInt8(ascii: "["), let close = text.firstIndex(of: UInt8(ascii: "]")) else { return nil }
        return (text[..<close].dropFirst().drop { $0 == UInt8(ascii: " ") }, text[close...].dropFirst())
    }

    private static func isCaller(_ text: Substring.UTF8View) -> Bool {
        guard let kind = text.first, kind == UInt8(ascii: "T") || kind == UInt8(ascii: "C") else { return false }
        return text.count > 1 && text.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func stamp(_ text: Substring.UTF8View) -> Stamp? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if parts.count == 2, parts[1].count <= 6,
            let seconds = Int(String(parts[0]) ?? ""), let fraction = Int(String(parts[1]) ?? ""), seconds >= 0,
            fraction >= 0, seconds < 1 << 40
        {
            let scale = [1_000_000, 100_000, 10_000, 1_000, 100, 10, 1][parts[1].count]
            return .seconds(seconds * 1_000_000 + fraction * scale)
        }
        let words = text.split(separator: UInt8(ascii: " "))
        return words.count == 5 && words[3].contains(UInt8(ascii: ":")) ? .date : nil
    }
}
