import FoundationEssentials
import LinuxSystem
import Reload

/// `status --follow`: the status, shown again whenever it changes.
///
/// The kernel's uevents say when to look, and what has no uevent (a hold, a run that waits) is looked for every few
/// seconds. On a terminal the screen is drawn over; in a pipe a block follows whenever the text differs.
struct Follow {
    let read: () throws -> MachineStatus
    /// A status in words, for the terminal as it is at that moment.
    let text: (MachineStatus) -> [Line]

    /// How long without a uevent until the machine is read again.
    private static let pause = Duration.seconds(5)
    /// How long nothing must come after a uevent: a module causes many at once.
    private static let quiet = Duration.milliseconds(200)
    /// How long uevents may go on until the machine is read anyway.
    private static let patience = Duration.seconds(1)
    /// How often a signal, the terminal's size and a closed pipe are looked for.
    private static let tick = Duration.seconds(1)

    /// Shows the status until a signal comes or nobody can read it.
    ///
    /// - Throws: What the first reading throws; later ones are shown and tried again.
    func run() throws {
        let waiter = UeventWaiter()
        let interrupts = SignalInterrupts()
        interrupts.note(.done)
        var status = try read()
        var screen = FollowScreen()
        var problem: String?
        screen.open()
        defer { screen.close() }
        screen.draw(text(status), problem: nil, isNew: true)
        var next = waiter.now + Self.pause
        while interrupts.pending == nil && !Output.isClosed {
            let isEvent = waiter.hears(within: min(next - waiter.now, Self.tick))
            if isEvent { settle(waiter) }
            if interrupts.pending != nil { return }
            guard isEvent || waiter.now >= next else {
                screen.draw(text(status.now), problem: problem, isNew: false)
                continue
            }
            let before = (problem, text(status.untimed))
            do {
                status = try read()
                problem = nil
            } catch {
                problem = Failure(error).message
            }
            let isNew = before.0 != problem || before.1 != text(status.untimed)
            screen.draw(text(status), problem: problem, isNew: isNew)
            next = waiter.now + Self.pause
        }
    }

    private func settle(_ waiter: UeventWaiter) {
        let end = waiter.now + Self.patience
        while waiter.now < end && waiter.hears(within: Self.quiet) {}
    }
}

extension MachineStatus {
    /// The same with the time that is left now.
    fileprivate var now: MachineStatus {
        var status = self
        status.awaiting = awaiting?.now
        return status
    }

    /// The same without what only time changes.
    fileprivate var untimed: MachineStatus {
        var status = self
        status.awaiting = awaiting?.untimed
        return status
    }
}

/// Where `status --follow` draws.
struct FollowScreen {
    /// Whether the screen is drawn over; else blocks follow each other.
    private let isScreen = Output.isTerminal && (environmentVariable("TERM") ?? "dumb") != "dumb"

    private var changed = Date.now
    /// What stands on the screen.
    private var drawn = ""

    /// The alternate screen without a cursor (xterm's ctlseqs): what stood on the terminal comes back afterwards.
    func open() { if isScreen { Output.print(whole: "\u{1b}[?1049h\u{1b}[?25l") } }

    func close() { if isScreen { Output.print(whole: "\u{1b}[?25h\u{1b}[?1049l") } }

    mutating func draw(_ lines: [Line], problem: String?, isNew: Bool) {
        if isNew { changed = .now }
        let time = changed.ISO8601Format()
        guard isScreen else {
            if isNew { Output.print(["== \(time)"] + (problem.map { [Line($0)] } ?? lines) + [""]) }
            return
        }
        let terminal = Terminal.current
        let style = Style(terminal)
        let head = style.faint(Line("Last change \(clock(time)) UTC. Ctrl-C ends."))
        let trouble = problem.map { [style.bad(Line("Can't read the machine now: \($0)"))] } ?? []
        let all = ([head] + trouble + [""] + lines).flatMap { $0.broken(at: terminal.width) }
        let frame = Self.frame(all, rows: Output.rows)
        if frame != drawn { Output.print(whole: frame) }
        drawn = frame
    }

    private func clock(_ time: String) -> Substring { time.dropFirst(11).prefix(8) }

    /// What draws `lines` over what is on a screen of `rows` rows; nil: as many as there are lines.
    static func frame(_ lines: [Line], rows: Int?) -> String {
        var shown = lines
        if let rows, rows > 1, lines.count > rows {
            let left = lines.count - rows + 1
            shown = lines.prefix(rows - 1) + [Line("... \(counted(left, "more line")) in a taller terminal")]
        }
        return "\u{1b}[H" + shown.map { $0.rendered + "\u{1b}[K" }.joined(separator: "\r\n") + "\u{1b}[J"
    }
}
