import Iomem
import Machine
import Ownership
import SavedPlan

/// One line of the journal, as JSON.
struct JournalLine: Codable {
    enum Event: String, Codable {
        case begun
        case stepBegun = "step-begun"
        case stepEnded = "step-ended"
        case rollingBack = "rolling-back"
        case wayBackBegun = "way-back-begun"
        case wayBackEnded = "way-back-ended"
        /// A recovery goes on with other steps; `step-begun` and `step-ended` count these from here on.
        case resumed
        /// Every step is done and verified; the run waits for confirmation.
        case awaiting
        /// It could neither be finished nor rolled back.
        case stopped
        case finished
    }

    var event: Event
    /// Of `begun`.
    var run: JournalHeader?
    /// Of `rolling-back` and `resumed`.
    var steps: [Step]?
    /// Of the events of a step.
    var index: Int?
    /// Of `finished`: how. Of `stopped`: the error's code.
    var outcome: String?
    /// Of `stopped`: the sentence.
    var message: String?
    /// Of `awaiting`: until when, in milliseconds of CLOCK_MONOTONIC.
    var deadline: Int64?
    /// Of `step-begun`: when, in milliseconds of CLOCK_MONOTONIC.
    var time: Int64?
}

/// What a journal begins with: all that `recover` needs when nothing but the journal and the machine is left.
struct JournalHeader: Codable {
    static let version = 3

    let schemaVersion: Int
    let bootID: String?
    /// What the run carries out, as a saved plan.
    let plan: Plan
    /// The rules that the kernel follows: with modules removed less of it shows.
    let rules: Word<Generation>?
    /// The initial probe was over when the run began.
    let probeWasDone: Bool
    /// The hazards that were accepted, each for what it is about.
    let accepted: [Hazard]
    /// What the run began with.
    let before: OwnershipGoal
    /// What keeps the run; nil if it stays once it is verified.
    let confirmation: TimedConfirmation?
    /// The regions that its steps take away and create again; nil without such regions.
    private let absences: [Absence]?

    enum CodingKeys: String, CodingKey {
        case schemaVersion = "schema_version"
        case bootID = "boot_id"
        case plan, rules
        case probeWasDone = "probe_was_done"
        case accepted, before, confirmation, absences
    }

    /// A `RegionAbsence`, with addresses as hexadecimal text.
    private struct Absence: Codable {
        let name: String
        let start: String
        let end: String
        let removal: Int
        let restoration: Int

        init(_ absence: RegionAbsence) {
            name = absence.name
            start = hexadecimal(absence.range.start)
            end = hexadecimal(absence.range.end)
            removal = absence.removal
            restoration = absence.restoration
        }

        /// Nil if it makes no sense.
        var absence: RegionAbsence? {
            guard let first = parseNumber(start), let last = parseNumber(end), Region.isName(name, digitsAtMost: 9),
                let range = AddressRange(start: first, end: last)
            else { return nil }
            return RegionAbsence(name: name, range: range, removal: removal, restoration: restoration)
        }
    }

    /// The regions that its steps take away and create again, as far as that was written down.
    var regionAbsences: [RegionAbsence] { (absences ?? []).compactMap(\.absence) }

    /// What a run of `plan` on `machine` begins with.
    init(
        _ plan: Plan,
        on machine: MachineState,
        rules: Generation?,
        accepted: [Hazard],
        confirmation: TimedConfirmation? = nil,
        absences: [RegionAbsence] = []
    ) {
        schemaVersion = Self.version
        bootID = machine.kernel.bootID
        self.plan = plan
        self.rules = rules.map { Word($0) }
        probeWasDone = machine.initialProbe.value == .done
        self.accepted = accepted
        before = OwnershipGoal(of: machine)
        self.confirmation = confirmation
        self.absences = absences.map(Absence.init)
    }
}

/// What a line of a journal has in every version.
struct JournalHeading: Decodable {
    struct Run: Decodable {
        var schemaVersion: Int
        var bootID: String?

        enum CodingKeys: String, CodingKey {
            case schemaVersion = "schema_version"
            case bootID = "boot_id"
        }
    }

    var event: String
    var run: Run?
}
