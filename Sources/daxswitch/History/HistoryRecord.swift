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

    enum CodingKeys: String, CodingKey {
        case time, version, command, host, policy, outcome, changed, steps, hazards, accepted, differences, error
        case bootID = "boot_id"
        case kernelRelease = "kernel_release"
        case exitCode = "exit_code"
        case durationMilliseconds = "duration_milliseconds"
    }
}

extension HistoryRecord {
    /// The record of an `apply` that has ended.
    ///
    /// - Parameter time: `HistoryRecord.stamp(_:)` of now.
    init(_ report: ApplyReport, time: String) {
        self.init(
            time: time,
            version: Daxswitch.version,
            command: "apply",
            host: report.machine?.host.name,
            bootID: report.machine?.kernel.bootID,
            kernelRelease: report.machine?.kernel.release,
            policy: report.policy,
            outcome: report.outcome.rawValue,
            changed: report.isChanged,
            exitCode: Int(report.status.rawValue),
            steps: report.steps.map(\.description),
            hazards: Set(report.hazards.map(\.id.rawValue)).sorted(),
            accepted: report.accepted.map(\.rawValue).sorted(),
            differences: report.differences.count,
            error: report.error?.message,
            durationMilliseconds: report.duration.map { Int($0 / .milliseconds(1)) }
        )
    }

    /// The record of a run that was confirmed, or rolled back because nobody confirmed it.
    ///
    /// - Parameter machine: The machine afterwards; nil if it was not read.
    init(_ report: ConfirmReport, on machine: MachineState?, time: String) {
        self.init(
            time: time,
            version: Daxswitch.version,
            command: "confirm",
            host: machine?.host.name,
            bootID: machine?.kernel.bootID,
            kernelRelease: machine?.kernel.release,
            policy: report.policy,
            outcome: report.outcome.rawValue,
            changed: !report.steps.isEmpty,
            exitCode: Int(report.status.rawValue),
            steps: report.steps,
            hazards: [],
            accepted: [],
            differences: report.differences,
            error: report.error?.message
        )
    }

    /// The record of a `recover` that has ended.
    ///
    /// - Parameter machine: The machine afterwards; nil where it was not read.
    init(_ report: RecoverReport, on machine: MachineState?, time: String) {
        self.init(
            time: time,
            version: Daxswitch.version,
            command: "recover",
            host: machine?.host.name,
            bootID: machine?.kernel.bootID,
            kernelRelease: machine?.kernel.release,
            policy: report.policy,
            outcome: report.outcome.rawValue,
            changed: report.isChanged,
            exitCode: Int(report.status.rawValue),
            steps: report.steps.map(\.description),
            hazards: Set(report.hazards.map(\.id.rawValue)).sorted(),
            accepted: [],
            differences: report.differences.count,
            error: report.error?.message
        )
    }
}
