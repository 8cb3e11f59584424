import Iomem
import Machine
import Ownership
import Reload

/// Says on standard error what a run does, as it does it.
///
/// On a terminal each step is one line with the time that it took, and a bar is in its place while memory goes offline. In a
/// log each step is a line when it begins, for who reads it while it grows, and one more if it took long.
final class ProgressMeter {
    private let isTerminal: Bool
    private let width: Int
    private let write: (String) -> Void
    private let overwrite: (String) -> Void
    /// The steps in words, by what they are.
    private var words: [Step: String] = [:]
    /// The columns that the words of a step take at most.
    private var column = 0
    /// What stands before the words of the step that is at work, as `[2/5] `.
    private var place = ""
    private var hasBar = false
    private var spoken: Duration?

    /// Between two plain lines about the same memory.
    private static let pause = Duration.seconds(5)
    /// A step that takes longer is worth a second line in a log.
    private static let long = Duration.seconds(1)

    /// A meter for a terminal of `width` columns, or for a file or pipe.
    init(
        isTerminal: Bool = Output.complaintsAreSeen,
        width: Int = Terminal.current.width,
        write: @escaping (String) -> Void = ProgressMeter.write,
        overwrite: @escaping (String) -> Void = Output.overwrite
    ) {
        self.isTerminal = isTerminal
        self.width = width
        self.write = write
        self.overwrite = overwrite
    }

    /// With the tool's name in a log, which has lines of others too.
    static func write(_ text: String) {
        guard Output.complaintsAreSeen else { return Output.complain(text) }
        for line in Line(text).broken(at: Terminal.current.width) { Output.explain(line.text) }
    }

    /// The steps that come: their times stand below each other.
    func expect(_ steps: [Step], on machine: MachineState) {
        for step in steps { words[step] = stepText(step, on: machine) }
        column = words.values.map(\.count).max() ?? 0
    }

    /// Shows what comes next.
    func show(_ progress: Progress) {
        switch progress {
        case .notInhibited(let why): line(notInhibitedText(why))
        case .rollingBack(let steps):
            line("rolling back" + (steps.isEmpty ? "" : ": \(counted(steps.count, "step"))"))
        case .step(let step, let index, let count):
            spoken = nil
            place = "[\(index + 1)/\(count)] "
            if isTerminal { bar(place + (words[step] ?? "\(step)") + " ...") } else { line("\(place)\(step)") }
        case .stepEnded(let step, let elapsed):
            if isTerminal {
                let text = words[step] ?? "\(step)"
                let gap = String(repeating: " ", count: max(min(column, width - 18) - text.count, 0) + 2)
                line(place + text + gap + timeText(elapsed))
            } else if elapsed >= Self.long {
                line("\(place)\(step) took \(timeText(elapsed))")
            }
        case .offlining(let done, let total, let elapsed):
            let text = offlineText(done: done, total: total, elapsed: elapsed)
            if isTerminal {
                // The words have to stay, the bar can be short.
                let room = width - place.count - text.count - 4
                let drawn = room < 4 ? "" : daxswitch.bar(done: done, total: total, width: min(room, 24)) + " "
                bar(place + drawn + text)
            } else if done == total || spoken.map({ elapsed - $0 >= Self.pause }) ?? true {
                spoken = elapsed
                line(text)
            }
        case .verifying:
            if isTerminal { bar("comparing the machine with the plan ...") }
        }
    }

    private func bar(_ text: String) {
        hasBar = true
        // A line that is broken by the terminal can't be replaced.
        overwrite(String(text.prefix(width - 1)))
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

/// That the host could be suspended or shut down in the middle.
func notInhibitedText(_ why: String) -> String { "suspend and shutdown are not blocked while this runs: \(why)" }

/// How far memory has gone offline: bytes, rate, and the time that is left at this rate.
func offlineText(done: UInt64, total: UInt64, elapsed: Duration) -> String {
    let seconds = elapsed / .seconds(1)
    let bytes = "\(sizeText(done)) of \(sizeText(total)) offline"
    guard done > 0, seconds > 0 else { return bytes }
    let rate = Double(done) / seconds
    let left = (Double(total - done) / rate).rounded(.up)
    return "\(bytes), \(sizeText(UInt64(rate)))/s" + (left > 0 ? ", \(timeText(.seconds(Int(left)))) left" : "")
}

/// A bar of `width` columns between brackets.
func bar(done: UInt64, total: UInt64, width: Int = 24) -> String {
    let full = total == 0 ? width : min(width, Int(Double(done) / Double(total) * Double(width)))
    return "[" + String(repeating: "#", count: full) + String(repeating: "-", count: width - full) + "]"
}
