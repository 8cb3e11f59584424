internal import LinuxSystem
internal import SavedPlan

/// What a run writes down before and after every step, each line on the disk before the step goes on.
struct Journal {
    private let store: any JournalStore

    /// The journal in `store`.
    init(_ store: any JournalStore) { self.store = store }

    /// Begins the journal of a run; the one before, of a run that has ended or of another boot, is put aside.
    func begin(_ run: JournalHeader) throws(ReloadError) {
        do throws(ReloadError) {
            try store.begin(Self.line(JournalLine(event: .begun, run: run)))
        } catch {
            // A run that never began leaves nothing to recover.
            try? store.putAside()
            throw error
        }
    }

    /// Writes `line` and has it on the disk.
    func write(_ line: JournalLine) throws(ReloadError) { try store.append(Self.line(line)) }

    private static func line(_ line: JournalLine) -> [UInt8] { Array(JSONText.line(line).utf8) + [0x0a] }

    /// What a journal of any version begins with, and whether its run has ended; nil where that can't be read.
    static func heading(of bytes: [UInt8]) -> (run: JournalHeading.Run, hasEnded: Bool)? {
        let rows = bytes.split(separator: 0x0a, omittingEmptySubsequences: true)
        guard let first = rows.first, let end = bytes.firstIndex(of: 0x0a), end >= first.endIndex,
            let heading = try? JournalHeading(json: first), let run = heading.run
        else { return nil }
        var last = rows.last.flatMap { try? JournalHeading(json: $0) }
        // A last line that was cut off counts as not written.
        if last == nil && bytes.last != 0x0a { last = rows.dropLast().last.flatMap { try? JournalHeading(json: $0) } }
        return (run, last?.event == JournalLine.Event.finished.rawValue)
    }

    /// Whether every line behind the first can be read, but for a last one that was cut off. Of the first one, which has the plan,
    /// a run that has ended needs nothing.
    static func isWhole(_ bytes: [UInt8]) -> Bool {
        let rows = bytes.split(separator: 0x0a, omittingEmptySubsequences: true).dropFirst()
        guard let bad = rows.firstIndex(where: { (try? JournalLine(json: $0)) == nil }) else { return true }
        return bad == rows.indices.last && bytes.last != 0x0a
    }

    /// The lines up to the first that can't be read, whose number and what is wrong with it come with them.
    ///
    /// A last line that was cut off counts as not written.
    static func lines(of bytes: [UInt8]) -> (lines: [JournalLine], damage: Damage?) {
        let rows = bytes.split(separator: 0x0a, omittingEmptySubsequences: true)
        var lines: [JournalLine] = []
        for (index, row) in rows.enumerated() {
            do {
                lines.append(try JournalLine(json: row))
            } catch {
                let isCutOff = index == rows.count - 1 && bytes.last != 0x0a
                let isWhole = (try? JournalHeading(json: row)) != nil
                return (lines, isCutOff ? nil : Damage(line: index + 1, cause: Misfit(error), isWhole: isWhole))
            }
        }
        return (lines, nil)
    }

    /// The first line that can't be read.
    struct Damage {
        /// Its number, from 1.
        let line: Int
        let cause: Misfit
        /// It is an event, written to its end, with a word that is not understood. To go on without it would be a guess: it
        /// may say that the run was on its way back, or that the kernel complained.
        let isWhole: Bool
    }
}
