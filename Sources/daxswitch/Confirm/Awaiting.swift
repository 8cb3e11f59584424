import FoundationEssentials
import Reload

/// A run that waits for confirmation, as people and programs are told.
struct Awaiting: Equatable {
    /// The command that keeps the run.
    static let command = "daxswitch confirm"
    /// The command that rolls it back at once.
    static let undo = "daxswitch recover --undo"

    private let run: AwaitedConfirmation
    /// How long somebody still has.
    var timeLeft: Duration
    /// The time of day by which it must be confirmed, in UTC to the second.
    var until: Date

    var policy: String? { run.policy }
    /// How long somebody has after the last step.
    var limit: Duration { run.confirmation.limit }
    /// The timer that rolls it back.
    var unit: String { run.confirmation.unit + ".timer" }

    init(_ run: AwaitedConfirmation, now: Duration = MonotonicClock.now, time: Date = .now) {
        self.run = run
        timeLeft = run.timeLeft(at: now)
        until = time.addingTimeInterval((timeLeft / .seconds(1)).rounded())
    }

    /// The same with the time that is left now.
    var now: Awaiting { Awaiting(run) }

    /// The same as if its time had just begun.
    var untimed: Awaiting { Awaiting(run, now: .zero, time: Date(timeIntervalSince1970: 0)) }

    /// `02:17:09 UTC`, with the day if that is another one.
    func untilText(today: Date = .now) -> String {
        let (day, time) = Self.parts(of: until)
        return "\(day == Self.parts(of: today).day ? "" : "\(day) ")\(time) UTC"
    }

    private static func parts(of date: Date) -> (day: Substring, time: Substring) {
        let text = date.ISO8601Format()
        return (text.prefix(10), text.dropFirst(11).prefix(8))
    }

    /// The member `awaiting_confirmation` of documents.
    var members: JSONValue {
        [
            "policy": JSONValue(policy), "command": .text(Self.command), "undo": .text(Self.undo),
            "seconds_left": .number(UInt64(timeLeft.components.seconds)), "until": .text(until.ISO8601Format()),
            "timer": .text(unit),
        ]
    }

    /// What to do, and by when.
    var lines: [Line] {
        [
            "  Keep it:           \(Self.command)",
            "  Roll it back now:  \(Self.undo)",
        ]
    }
}

/// The run that waits, in a `status`.
func awaitingText(_ awaiting: Awaiting, style: Style) -> [Line] {
    let left = (awaiting.timeLeft / .seconds(1)).rounded()
    let end =
        left > 0
        ? "will be rolled back in \(timeText(.seconds(Int(left)))) (\(awaiting.untilText())) unless you confirm it."
        : "is about to be rolled back: its time is over."
    return [style.careful("Not confirmed")]
        + wrapped("The run of policy \(awaiting.policy ?? "?") \(end)", indent: 2) + awaiting.lines
}
