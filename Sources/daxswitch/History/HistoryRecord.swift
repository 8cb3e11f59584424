import Machine
import Ownership

/// What one run left: when, where, what was asked for, and how it ended.
struct HistoryRecord: Equatable, Decodable {
    /// UTC, to the second: `2026-11-23T09:41:07Z`.
    var time: String
    /// The version of the tool.
    var version: String
    /// The command: `apply`, `recover`, `confirm`.
    var command: String
    /// The host's name.
    var host: String?
    var bootID: String?
    var kernelRelease: String?
    var policy: String?
    var outcome: String
    var changed: Bool
    var exitCode: Int
    /// The steps of the plan.
    var steps: [String]
    /// The hazards that were found, by id.
    var hazards: [String]
    /// The hazards that were accepted, by id.
    var accepted: [String]
    /// How many differences verification found.
    var differences: Int
    /// The error, as it was said.
    var error: String?
    /// How long an `apply` took that carried its steps out; nil for others, and in records of earlier versions.
    var durationMilliseconds: Int?
    /// How long somebody had to confirm a run that is done; nil for others, and in records of earlier versions.
    var confirmWithinSeconds: Int?

    enum CodingKeys: String, CodingKey {
        case time, version, command, host, policy, outcome, changed, steps, hazards, accepted, differences, error
        case bootID = "boot_id"
        case kernelRelease = "kernel_release"
        case exitCode = "exit_code"
        case durationMilliseconds = "duration_milliseconds"
        case confirmWithinSeconds = "confirm_within_seconds"
    }
}

/// The end of a run that the history has to have: of an `apply`, a `confirm` or a `recover`.
protocol RecordedRun {
    /// The command.
    static var command: String { get }
    var policy: String? { get }
    /// The word for the end it came to.
    var outcomeWord: String { get }
    /// Steps were done.
    var isChanged: Bool { get }
    var steps: [Step] { get }
    /// What was found in the way.
    var hazards: [Hazard] { get }
    /// The kinds of hazards that were accepted.
    var accepted: Set<Hazard.Identifier> { get }
    /// What verification found afterwards.
    var differences: [Difference] { get }
    var error: Failure? { get }
    /// How long the steps took; nil if that is not measured.
    var duration: Duration? { get }
    /// How long somebody has to confirm the run; nil if it stays.
    var timeToConfirm: Duration? { get }
    /// How the process ends.
    var status: ExitStatus { get }
}

extension RecordedRun {
    var hazards: [Hazard] { [] }
    var accepted: Set<Hazard.Identifier> { [] }
    var duration: Duration? { nil }
    var timeToConfirm: Duration? { nil }
}

extension HistoryRecord {
    /// The record of a run that has ended.
    ///
    /// - Parameters:
    ///   - machine: The machine that it was about; nil if it was not read.
    ///   - time: `RunLog.now`.
    init<Run: RecordedRun>(_ run: Run, on machine: MachineState?, time: String) {
        self.init(
            time: time,
            version: Daxswitch.version,
            command: Run.command,
            host: machine?.host.name,
            bootID: machine?.kernel.bootID,
            kernelRelease: machine?.kernel.release,
            policy: run.policy,
            outcome: run.outcomeWord,
            changed: run.isChanged,
            exitCode: Int(run.status.rawValue),
            steps: run.steps.map(\.description),
            hazards: Set(run.hazards.map(\.id.rawValue)).sorted(),
            accepted: run.accepted.map(\.rawValue).sorted(),
            differences: run.differences.count,
            error: run.error?.message,
            durationMilliseconds: run.duration.map { Int($0 / .milliseconds(1)) },
            confirmWithinSeconds: run.timeToConfirm.map { Int($0.components.seconds) }
        )
    }
}
