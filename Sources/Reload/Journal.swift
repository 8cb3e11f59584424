internal import FoundationEssentials
import Glibc
public import Ownership

/// What a run writes down before and after every step, each line on the disk before the step goes on.
///
/// It lies in `/run` and dies with the boot, as the kernel's state does.
struct Journal: ~Copyable {
    private let file: File

    /// Begins the journal of a run; the one before, of a run that has ended or of another boot, is put aside.
    init(_ state: StateDirectory, plan: Plan, bootID: String?) throws(ReloadError) {
        try StateDirectory.makeParents(of: state.journal)
        if unsafe rename(state.journal, state.lastJournal) != 0 && errno != ENOENT {
            throw .failing("put aside \(state.journal)")
        }
        let file = try File(state.journal, O_WRONLY | O_CREAT | O_EXCL | O_APPEND)
        let header = JournalLine(
            event: .begun,
            schemaVersion: 1,
            bootID: bootID,
            policy: plan.policy,
            steps: plan.steps.map(\.description)
        )
        try Self.write(header, to: file)
        self.file = file
    }

    /// Writes `line` and has it on the disk.
    func write(_ line: JournalLine) throws(ReloadError) { try Self.write(line, to: file) }

    private static func write(_ line: JournalLine, to file: borrowing File) throws(ReloadError) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let data = try encoder.encode(line)
            try file.append(Array(data) + [0x0a])
        } catch let error as ReloadError {
            throw error
        } catch {
            throw ReloadError(.unavailable, "can't write the journal", cause: "\(error)")
        }
    }
}

/// One line of the journal.
struct JournalLine: Codable, Equatable {
    enum Event: String, Codable {
        case begun
        case stepBegun = "step-begun"
        case stepEnded = "step-ended"
        case rollingBack = "rolling-back"
        case wayBackBegun = "way-back-begun"
        case wayBackEnded = "way-back-ended"
        case finished
    }

    var event: Event
    var schemaVersion: Int?
    var bootID: String?
    var policy: String?
    var steps: [String]?
    var index: Int?
    var outcome: String?

    enum CodingKeys: String, CodingKey {
        case event
        case schemaVersion = "schema_version"
        case bootID = "boot_id"
        case policy, steps, index, outcome
    }
}

/// A run that was cut off, as its journal shows it.
public struct UnfinishedRun: Sendable, Equatable {
    /// The policy it carried out.
    public var policy: String?
    /// Its steps.
    public var steps: [Step]
    /// How many of them had begun; one more than had ended where it was cut off within a step.
    public var stepsBegun: Int
    /// How many of them had ended.
    public var stepsEnded: Int
    /// The steps back that it had chosen; nil where it was not on its way back.
    public var wayBack: [Step]?
    /// How many of those had ended.
    public var wayBackEnded: Int

    /// The run that the journal of this boot shows as cut off; nil where there is none.
    ///
    /// A last line that was cut off counts as not written. A journal of another boot is nobody's any more.
    /// - Throws: `ReloadError` `.unavailable` where the file is no journal.
    public static func find(_ state: StateDirectory, bootID: String?) throws(ReloadError) -> UnfinishedRun? {
        guard let lines = try readLines(state.journal), let first = lines.first else { return nil }
        guard first.event == .begun, first.schemaVersion == 1 else {
            throw ReloadError(.unavailable, "\(state.journal) is no journal that this daxswitch can read; remove it")
        }
        if first.bootID != bootID || lines.last?.event == .finished { return nil }
        let wayBack = lines.last { $0.event == .rollingBack }
        return UnfinishedRun(
            policy: first.policy,
            steps: try parse(first.steps, state.journal),
            stepsBegun: lines.count { $0.event == .stepBegun },
            stepsEnded: lines.count { $0.event == .stepEnded },
            wayBack: try wayBack.map { line throws(ReloadError) in try parse(line.steps, state.journal) },
            wayBackEnded: lines.count { $0.event == .wayBackEnded }
        )
    }

    /// A step left out would make a way out of this that leads elsewhere.
    private static func parse(_ steps: [String]?, _ path: String) throws(ReloadError) -> [Step] {
        var parsed: [Step] = []
        for step in steps ?? [] {
            do {
                parsed.append(try Step(parsing: step))
            } catch {
                throw ReloadError(
                    .unavailable,
                    "\(path) has a step that can't be read; remove it",
                    cause: error.message
                )
            }
        }
        return parsed
    }

    private static func readLines(_ path: String) throws(ReloadError) -> [JournalLine]? {
        if unsafe access(path, F_OK) != 0 && errno == ENOENT { return nil }
        let bytes = try File(path, O_RDONLY).readAll()
        let rows = bytes.split(separator: 0x0a, omittingEmptySubsequences: true)
        var lines: [JournalLine] = []
        for (index, row) in rows.enumerated() {
            guard let line = try? JSONDecoder().decode(JournalLine.self, from: Data(row)) else {
                if index == rows.count - 1 && bytes.last != 0x0a { break }
                throw ReloadError(.unavailable, "\(path):\(index + 1): this is no line of a journal; remove the file")
            }
            lines.append(line)
        }
        return lines
    }
}
