import Iomem
import Ownership
import Reload

/// Says on standard error what a run does: a bar in one line where a terminal shows it, else plain lines, and not too many.
final class ProgressMeter {
    private let isTerminal: Bool
    private let write: (String) -> Void
    private let overwrite: (String) -> Void
    private var hasBar = false
    private var spoken: Duration?

    /// Between two plain lines about the same memory.
    private static let pause = Duration.seconds(5)

    /// A meter for a terminal, or for a file or pipe.
    init(
        isTerminal: Bool,
        write: @escaping (String) -> Void = Output.complain,
        overwrite: @escaping (String) -> Void = Output.overwrite
    ) {
        self.isTerminal = isTerminal
        self.write = write
        self.overwrite = overwrite
    }

    /// Shows what comes next.
    func show(_ progress: Progress) {
        guard case .offlining(let done, let total, let elapsed) = progress else {
            spoken = nil
            return line(progressText(progress))
        }
        if isTerminal {
            hasBar = true
            overwrite("\(bar(done: done, total: total)) \(progressText(progress))")
            if done == total { end() }
        } else if done == total || spoken.map({ elapsed - $0 >= Self.pause }) ?? true {
            spoken = elapsed
            line(progressText(progress))
        }
    }

    private func line(_ text: String) {
        end()
        write(text)
    }

    /// Takes a bar away: what comes after it begins on a line of its own.
    func end() {
        if hasBar { overwrite("") }
        hasBar = false
    }
}

/// What is being done, as it is done: a line for a person who watches.
func progressText(_ progress: Progress) -> String {
    switch progress {
    case .notInhibited(let why): notInhibitedText(why)
    case .step(let step, let index, let count): "[\(index + 1)/\(count)] \(step)"
    case .offlining(let done, let total, let elapsed): offlineText(done: done, total: total, elapsed: elapsed)
    case .rollingBack(let steps):
        steps.isEmpty ? "rolling back" : "rolling back: \(steps.map(\.description).joined(separator: ", "))"
    }
}

/// That the host could be suspended or shut down in the middle.
func notInhibitedText(_ why: String) -> String { "suspend and shutdown are not blocked while this runs: \(why)" }

/// How far memory has gone offline: bytes, rate, and the time that is left at this rate.
func offlineText(done: UInt64, total: UInt64, elapsed: Duration) -> String {
    let seconds = elapsed / .seconds(1)
    let bytes = "\(sizeText(done)) of \(sizeText(total)) offline"
    guard done > 0, seconds > 0 else { return bytes }
    let rate = Double(done) / seconds
    let left = Int((Double(total - done) / rate).rounded(.up))
    return "\(bytes), \(sizeText(UInt64(rate)))/s" + (left > 0 ? ", \(left) s left" : "")
}

/// A bar of `width` columns.
func bar(done: UInt64, total: UInt64, width: Int = 24) -> String {
    let full = total == 0 ? width : min(width, Int(Double(done) / Double(total) * Double(width)))
    return "[" + String(repeating: "#", count: full) + String(repeating: "-", count: width - full) + "]"
}
