internal import LinuxSystem

/// The messages of a kernel log that only the kernel can have written, each without the time in front.
///
/// - Records of another facility than the kernel's are left out.
/// - What the boot printed before there were processes is apart: nobody else can have written there.
/// - A recorded text has no facilities, and a message with a line end in it is several lines there, each with the time of
///   the record (kernel/printk/printk.c: record_print_text()). So a user can put a whole line into it, in the name of a file.
///   Lines of one time count only if the kernel alone writes every one of them.
/// - The journal's texts name who logged. Where anybody else than the kernel is named, it may be a file of syslog, whose tags
///   every user can choose: nothing of it counts.
struct TrustedLog {
    /// There is no log, or nothing in it.
    let isEmpty: Bool
    /// The log begins with the boot and has no gap: the buffer loses its oldest records first.
    let isWhole: Bool
    /// What was printed before there were processes.
    let boot: [Substring]
    /// What was printed later.
    let later: [Substring]

    /// In a log with times of day: how many lines have a known message that does not count, as others are of the same second.
    /// Where there are microseconds, such lines are hardly the kernel's.
    private(set) var doubtfulLines = 0

    /// The messages of `log`.
    init(_ log: KernelLogContent?) {
        switch log {
        case nil: self.init(isEmpty: true, isWhole: false, boot: [], later: [])
        case .records(let records): self.init(records)
        case .lines(let lines): self.init(Self.unwrapped(lines).drop { $0.hasPrefix("-- ") }.map { LogLine($0) })
        }
    }

    /// The lines without the carriage returns and the indentation that all of them got on their way, as in a ticket.
    private static func unwrapped(_ lines: [String]) -> [String] {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        // A log that comes from the machine itself has neither, and each of its lines is looked at.
        guard lines.first?.utf8.first.map(isBlank) != false || lines.contains(where: { $0.utf8.last == 0x0d }) else {
            return lines
        }
        let bare = lines.map { $0.utf8.last == 0x0d ? String($0.unicodeScalars.dropLast()) : $0 }
        let indent =
            bare.filter { !$0.utf8.allSatisfy(isBlank) }.map { $0.utf8.prefix(while: isBlank).count }.min() ?? 0
        return indent == 0 ? bare : bare.map { String(Substring($0.utf8.dropFirst(indent))) }
    }

    private init(isEmpty: Bool, isWhole: Bool, boot: [Substring], later: [Substring]) {
        self.isEmpty = isEmpty
        self.isWhole = isWhole
        self.boot = boot
        self.later = later
    }

    private init(_ records: [KernelLogRecord]) {
        let isWhole = records.first?.sequence == 0 && records.haveNoGap
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
        guard let lines = LogLine.ofKernel(lines) else {
            self.init(isEmpty: false, isWhole: false, boot: [], later: [])
            return
        }
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
                later: Self.alone(lines[boot...]).messages
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
            // Where the boot ends can't be told, and lines of one second can't be told apart: so what is not there proves
            // nothing.
            let later = Self.alone(lines[...])
            self.init(isEmpty: false, isWhole: false, boot: [], later: later.messages)
            doubtfulLines = later.doubtful
        }
    }

    /// The lines that stand alone at their time, or with others that the kernel alone writes. A line without a time goes on
    /// with the one before it.
    private static func alone(_ lines: ArraySlice<LogLine>) -> (messages: [Substring], doubtful: Int) {
        var (messages, doubtful): ([Substring], Int) = ([], 0)
        var start = lines.startIndex
        while start < lines.endIndex {
            let stamp = lines[start].stamp
            let end =
                lines[start...].dropFirst().firstIndex { $0.stamp != stamp && $0.stamp != .none } ?? lines.endIndex
            let group = lines[start..<end]
            start = end
            let known =
                group.count == 1 ? 1 : group.count { line in KernelMessage.all.contains { $0.form.fits(line.message) } }
            if known == group.count {
                for line in group { if let message = line.trusted { messages.append(message) } }
            } else {
                doubtful += known
            }
        }
        return (messages, doubtful)
    }
}

extension [KernelLogRecord] {
    /// Each has the number behind the one before it.
    var haveNoGap: Bool { zip(self, dropFirst()).allSatisfy { $0.sequence + 1 == $1.sequence } }
}
