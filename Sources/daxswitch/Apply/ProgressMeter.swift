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
