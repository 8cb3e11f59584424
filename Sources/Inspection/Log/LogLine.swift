internal import LinuxSystem

/// A line of a recorded text: `<6>[    3.224010][    T1] MESSAGE`, with or without each of the three in front, and what other
/// options of dmesg and journalctl print instead.
///
/// | made by | looks like |
/// |---|---|
/// | `dmesg -x` | `kern  :info  : [    3.224010] MESSAGE` |
/// | `dmesg -T` | `[Sat Nov 28 07:46:07 2026] MESSAGE` |
/// | `dmesg --time-format iso` | `2026-11-28T07:46:07,224010+00:00 MESSAGE` |
/// | `journalctl -k -o short`, `short-precise` | `Nov 28 07:46:07 HOST kernel: MESSAGE` |
/// | `-o short-iso`, `short-iso-precise` | `2026-11-28T07:46:07+00:00 HOST kernel: MESSAGE` |
/// | `-o short-full` | `Sat 2026-11-28 07:46:07 UTC HOST kernel: MESSAGE` |
/// | `-o short-monotonic` | `[    3.224010] HOST kernel: MESSAGE` |
/// | `-o short-unix` | `1764315967.224010 HOST kernel: MESSAGE` |
struct LogLine {
    enum Stamp: Equatable {
        case none
        /// In microseconds since the start.
        case seconds(Int)
        /// A time of day, as it stands there.
        case date(Substring)
    }

    private(set) var message: Substring
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
        } else if let (isKernel, behind) = Self.facility(rest) {
            priority = isKernel ? 0 : 8
            rest = behind
        }
        if let (inside, behind) = Self.bracket(rest), let stamp = Self.stamp(inside) {
            self.stamp = stamp
            rest = behind
            // The thread or the processor that printed it (CONFIG_PRINTK_CALLER).
            if let (inside, behind) = Self.bracket(rest), Self.isCaller(inside) { rest = behind }
            if rest.first == UInt8(ascii: " ") { rest.removeFirst() }
        } else if let (date, behind) = Self.date(rest) {
            stamp = .date(Substring(date))
            rest = behind
        }
        message = Substring(rest)
    }

    /// The lines without the host and the name of the kernel, which the journal's texts have before each message; nil if
    /// somebody else than the kernel is named.
    static func ofKernel(_ lines: [LogLine]) -> [LogLine]? {
        let stamped = lines.filter { $0.stamp != .none }
        guard let host = stamped.first?.origin?.host, stamped.allSatisfy({ $0.origin?.host == host }),
            stamped.contains(where: { $0.origin?.name == "kernel" })
        else { return lines }
        guard stamped.allSatisfy({ $0.origin?.name == "kernel" }) else { return nil }
        return lines.map { line in
            guard line.stamp != .none, let message = line.origin?.message else { return line }
            var line = line
            line.message = message
            return line
        }
    }

    /// `HOST NAME: MESSAGE`. A process has its number behind its name, which only the kernel lacks.
    private var origin: (host: Substring, name: Substring, message: Substring)? {
        let words = message.parts(at: " ", maxSplits: 2, keepingEmpty: true)
        guard words.count >= 2, !words[0].isEmpty, !words[0].utf8.contains(UInt8(ascii: ":")),
            words[1].utf8.last == UInt8(ascii: ":")
        else { return nil }
        return (words[0], words[1].dropLast(), words.count > 2 ? words[2] : "")
    }

    /// `kern  :info  : `, as `dmesg -x` prints it.
    private static func facility(
        _ text: Substring.UTF8View
    ) -> (isKernel: Bool, behind: Substring.UTF8View)? {
        // Most lines have no such words, and each of a long log is looked at.
        guard text.dropFirst(6).first == UInt8(ascii: ":") else { return nil }
        let parts = text.split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count == 6, parts[1].count == 6, parts[2].first == UInt8(ascii: " "),
            [parts[0], parts[1]].joined().allSatisfy({ (0x61...0x7a).contains($0) || $0 == 0x20 || isDigit($0) })
        else { return nil }
        return (Substring(parts[0]) == "kern  ", parts[2].dropFirst())
    }

    /// What stands between the brackets at the start, without the spaces in front, and what stands behind them.
    private static func bracket(
        _ text: Substring.UTF8View
    ) -> (inside: Substring.UTF8View, behind: Substring.UTF8View)? {
        let bytes = text.span
        guard bytes.count > 0, bytes[0] == UInt8(ascii: "["),
            let close = bytes.indices.first(where: { bytes[$0] == UInt8(ascii: "]") }),
            let start = (1...close).first(where: { bytes[$0] != UInt8(ascii: " ") })
        else { return nil }
        let end = text.index(text.startIndex, offsetBy: close)
        return (text[text.index(text.startIndex, offsetBy: start)..<end], text[text.index(after: end)...])
    }

    private static func isCaller(_ text: Substring.UTF8View) -> Bool {
        let bytes = text.span
        guard bytes.count > 1, bytes[0] == UInt8(ascii: "T") || bytes[0] == UInt8(ascii: "C") else { return false }
        return (1..<bytes.count).allSatisfy { isDigit(bytes[$0]) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func stamp(_ text: Substring.UTF8View) -> Stamp? {
        if let microseconds = microseconds(text) { return .seconds(microseconds) }
        let words = text.split(separator: UInt8(ascii: " "))
        return words.count == 5 && isTime(words[3]) ? .date(Substring(text)) : nil
    }

    /// `3.224010`: digits, and up to six behind the point; nil for anything else.
    private static func microseconds(_ text: Substring.UTF8View) -> Int? {
        let bytes = text.span
        var (number, fraction) = (0, -1)
        for place in bytes.indices {
            let byte = bytes[place]
            if byte == UInt8(ascii: "."), fraction < 0, place > 0 {
                fraction = 0
                continue
            }
            guard isDigit(byte), fraction < 6, number < 1 << 59 else { return nil }
            number = number * 10 + Int(byte - 0x30)
            if fraction >= 0 { fraction += 1 }
        }
        guard fraction > 0 else { return nil }
        for _ in fraction..<6 {
            let (scaled, overflow) = number.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            number = scaled
        }
        return number
    }

    /// A time of day at the start, and what stands behind it.
    private static func date(_ text: Substring.UTF8View) -> (Substring.UTF8View, Substring.UTF8View)? {
        // The month's name and a day below ten have two blanks between them.
        let words = text.prefix(64).split(separator: UInt8(ascii: " "), maxSplits: 5)
        guard let first = words.first, let start = text.first, start != UInt8(ascii: " ") else { return nil }
        let last: Substring.UTF8View
        if isIsoTime(first) || isUnixTime(first) {
            last = first
        } else if words.count > 3, isTime(words[2]), words[1].allSatisfy(isDigit), first.count == 3 {
            last = words[2]
        } else if words.count > 4, isTime(words[2]), words[1].count == 10, first.count == 3 {
            last = words[3]
        } else {
            return nil
        }
        let behind = text[last.endIndex...]
        return behind.first == UInt8(ascii: " ") ? (text[..<last.endIndex], behind.dropFirst()) : nil
    }

    /// `07:46:07`, with or without parts of a second.
    private static func isTime(_ text: Substring.UTF8View) -> Bool {
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        return parts.count == 3 && parts[0].count == 2 && parts[1].count == 2
            && parts.joined().allSatisfy { isDigit($0) || $0 == UInt8(ascii: ".") }
    }

    /// `2026-11-28T07:46:07+00:00`, with or without parts of a second.
    private static func isIsoTime(_ text: Substring.UTF8View) -> Bool {
        let bytes = Array(text)
        return bytes.count >= 19 && bytes[4] == UInt8(ascii: "-") && bytes[10] == UInt8(ascii: "T")
            && bytes[13] == UInt8(ascii: ":") && bytes.prefix(4).allSatisfy(isDigit)
    }

    /// `1764315967.224010`.
    private static func isUnixTime(_ text: Substring.UTF8View) -> Bool {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 2 && parts[0].count >= 9 && parts[1].count == 6 && parts.joined().allSatisfy(isDigit)
    }
}
