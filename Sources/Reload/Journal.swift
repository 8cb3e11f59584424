internal import FoundationEssentials
import Glibc
public import Ownership

/// What a run writes down before and after every step, each line on the disk before the step goes on.
///
/// It lies in `/run` and dies with the boot, as the kernel's state does.
struct Journal: ~Copyable {
    private let file: File

    /// Begins the journal of a run.
    init(_ state: StateDirectory, plan: Plan, bootID: String?) throws(ReloadError) {
        try StateDirectory.makeParents(of: state.journal)
        let file = try File(state.journal, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND)
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
    /// How many of them had ended.
    public var stepsEnded: Int

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
        let steps = (first.steps ?? []).compactMap { try? Step(parsing: $0) }
        return UnfinishedRun(
            policy: first.policy,
            steps: steps,
            stepsEnded: lines.count { $0.event == .stepEnded }
        )
    }

    private static func readLines(_ path: String) throws(ReloadError) -> [JournalLine]? {
        guard unsafe access(path, F_OK) == 0 else { return nil }
        let file = try File(path, O_RDONLY)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(file.descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
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
