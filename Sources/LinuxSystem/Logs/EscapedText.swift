// Text that a process, a file, a device or another user chose can hold escape sequences. A terminal, a console and a log
// reader act on them. Every writer to one of these escapes what it is given.

extension StringProtocol {
    /// The text with everything that a terminal acts on, or that isn't visible, written as `\x1b` or `\u{202e}`: control
    /// characters (C0, DEL and C1), line and paragraph separators, and format characters, such as those that reverse the
    /// direction of text. A line feed is written as `\n` unless `keepsLines` is true.
    ///
    /// A backslash stays as it is: the result is made to be read, not to be converted back.
    package func escaped(keepsLines: Bool = false) -> String {
        guard unicodeScalars.contains(where: \.isEscaped) else { return String(self) }
        var text = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\n" where keepsLines: text.unicodeScalars.append(scalar)
            case "\n": text += "\\n"
            case _ where !scalar.isEscaped: text.unicodeScalars.append(scalar)
            case _ where scalar.value <= 0xff:
                text += (scalar.value < 0x10 ? "\\x0" : "\\x") + String(scalar.value, radix: 16)
            default: text += "\\u{" + String(scalar.value, radix: 16) + "}"
            }
        }
        return text
    }
}

extension Unicode.Scalar {
    /// Whether no terminal may be given this character of a text from outside.
    package var isEscaped: Bool {
        if (0x20..<0x7f).contains(value) { return false }
        return switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
