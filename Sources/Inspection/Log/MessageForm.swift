internal import LinuxSystem

/// The whole form of a kernel message: what stands in it from its first character to its last.
///
/// A message that merely contains a text proves nothing: users name processes and files, and the kernel quotes both
/// (`NAME[PID]: segfault at … in FILE[…]`). A process name has at most 15 bytes (TASK_COMM_LEN in include/linux/sched.h)
/// and is often what a message begins with.
package struct MessageForm: Sendable {
    /// What stands in one place of a message.
    package enum Part: Sendable {
        /// These bytes.
        case text(String)
        /// The first of these that fits; an empty one fits always.
        case oneOf([String])
        /// One or more decimal digits.
        case digits
        /// One or more hexadecimal digits.
        case hexDigits
        /// `0x` and hexadecimal digits; its value is kept.
        case address
        /// Letters, digits and `_.-/~+`, in any number, also none: a driver, a path or a release, never with a bracket.
        case name
        /// The same with colons: device names, one behind the other.
        case devices
        /// What `%pS` prints, without the module behind it: `FUNCTION+0xOFFSET/0xSIZE`.
        case symbol
        /// Upper-case words, each behind a space: ` PREEMPT SMP KASAN`.
        case flags
        /// What `%pr` prints of memory: `[mem 0xSTART-0xEND flags 0xFLAGS]`; both addresses are kept.
        case resource
        /// Everything up to this text, and the text.
        case through(String)
        /// Everything to the end.
        case remainder
    }

    private let parts: [Part]
    /// What every message of this form begins with. Most messages have another beginning, and each is compared with many forms.
    private let beginning: String

    /// A form of these parts.
    package init(_ parts: [Part]) {
        self.parts = parts
        beginning = if case .text(let text) = parts.first { text } else { "" }
    }

    /// The addresses in `message`; nil if it has another form.
    package func addresses(in message: Substring) -> [UInt64]? {
        guard message.startsWithBytes(of: beginning) else { return nil }
        var matcher = Matcher(rest: message.utf8)
        for part in parts {
            guard matcher.take(part) else { return nil }
        }
        return matcher.rest.isEmpty ? matcher.addresses : nil
    }

    /// Whether `message` has this form.
    package func fits(_ message: Substring) -> Bool { addresses(in: message) != nil }

    /// Whether `message` has this form.
    package func fits(_ message: String) -> Bool { fits(message[...]) }
}

/// Goes through a message once: no part is tried a second time.
private struct Matcher {
    var rest: Substring.UTF8View
    var addresses: [UInt64] = []

    mutating func take(_ part: MessageForm.Part) -> Bool {
        switch part {
        case .text(let text): return take(text)
        case .oneOf(let texts): return texts.contains { take($0) }
        case .digits: return !run { (0x30...0x39).contains($0) }.isEmpty
        case .hexDigits: return !run(Self.isHexadecimal).isEmpty
        case .address: return takeAddress()
        case .name:
            _ = run(Self.isOfName)
            return true
        case .devices: return !run { Self.isOfName($0) || $0 == UInt8(ascii: ":") }.isEmpty
        case .symbol: return Substring(run(Self.isOfName)).holds("+0x")
        case .flags:
            while rest.first == UInt8(ascii: " ") {
                rest.removeFirst()
                if run({ (0x41...0x5a).contains($0) || $0 == UInt8(ascii: "_") }).isEmpty { return false }
            }
            return true
        case .resource:
            guard take("[mem "), takeAddress(), take("-"), takeAddress() else { return false }
            if take(" flags 0x"), run(Self.isHexadecimal).isEmpty { return false }
            return take("]")
        case .through(let text):
            guard let place = Substring(rest).place(of: text) else { return false }
            rest = rest[place.upperBound...]
            return true
        case .remainder:
            rest = rest[rest.endIndex...]
            return true
        }
    }

    private mutating func take(_ text: String) -> Bool {
        guard Substring(rest).startsWithBytes(of: text) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    private mutating func takeAddress() -> Bool {
        guard take("0x"), let address = UInt64(String(run(Self.isHexadecimal)) ?? "", radix: 16) else { return false }
        addresses.append(address)
        return true
    }

    private mutating func run(_ belongs: (UInt8) -> Bool) -> Substring.UTF8View {
        let run = rest.prefix(while: belongs)
        rest = rest[run.endIndex...]
        return run
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
            || [0x5f, 0x2e, 0x2d, 0x2f, 0x7e, 0x2b].contains(byte)
    }
}
