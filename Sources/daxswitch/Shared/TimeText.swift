/// A time as people read it: `45 s`, `4 min 12 s`, `2 h 5 min`; below ten seconds `0.31 s`.
func timeText(_ time: Duration) -> String {
    let milliseconds = time.components.seconds * 1000 + time.components.attoseconds / 1_000_000_000_000_000
    if milliseconds < 10_000 {
        let hundredths = (milliseconds + 5) / 10
        let digits = String(hundredths % 100)
        let tail = String(repeating: "0", count: 2 - digits.count) + digits
        return tail == "00" ? "\(hundredths / 100) s" : "\(hundredths / 100).\(tail) s"
    }
    let seconds = (milliseconds + 500) / 1000
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")]
    let shown = parts.drop { $0.0 == 0 }.prefix(2).filter { $0.0 > 0 }
    return shown.map { "\($0.0) \($0.1)" }.joined(separator: " ")
}

/// A time on the command line: a whole number and its unit.
struct TimeSpan: Equatable {
    let time: Duration

    /// Reads `30s`, `5m` or `24h`; nil for anything else. A number without a unit could be either.
    init?(argument: String) {
        let seconds = ["s": 1, "m": 60, "h": 3600]
        guard let unit = argument.last.flatMap({ seconds[String($0)] }), argument.count <= 7,
            argument.dropLast().allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(argument.dropLast())
        else { return nil }
        time = .seconds(number * unit)
    }
}
