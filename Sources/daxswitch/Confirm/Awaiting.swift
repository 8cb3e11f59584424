import FoundationEssentials
import Reload

/// A run that waits for confirmation, as people and programs are told.
struct Awaiting: Equatable {
    /// The command that keeps the run.
    static let command = "daxswitch confirm"
    /// The command that rolls it back at once.
    static let undo = "daxswitch recover --undo"

    let policy: String?
    /// How long somebody still has.
    let timeLeft: Duration
    /// The time of day by which it must be confirmed, in UTC to the second.
    let until: Date
    /// The timer that rolls it back.
    let unit: String

    init(_ run: AwaitedConfirmation, now: Duration = MonotonicClock.now, time: Date = .now) {
        policy = run.policy
        timeLeft = run.timeLeft(at: now)
        until = time.addingTimeInterval((timeLeft / .seconds(1)).rounded())
        unit = run.confirmation.unit + ".timer"
    }

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
    let left = awaiting.timeLeft.components.seconds
    let end =
        left > 0
        ? "is rolled back in \(timeText(.seconds(left))) (\(awaiting.untilText())) unless you confirm it."
        : "is about to be rolled back: its time is over."
    return [style.careful("Not confirmed")]
        + wrapped("The run of policy \(awaiting.policy ?? "?") \(end)", indent: 2) + awaiting.lines
}
