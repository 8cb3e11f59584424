import Ownership

/// One line of the journal, as JSON.
struct JournalLine: Codable, Equatable {
    enum Event: String, Codable {
        case begun
        case stepBegun = "step-begun"
        case stepEnded = "step-ended"
        case rollingBack = "rolling-back"
        case wayBackBegun = "way-back-begun"
        case wayBackEnded = "way-back-ended"
        /// A recovery goes on with other steps; `step-begun` and `step-ended` count these from here on.
        case resumed
        /// It could neither be finished nor rolled back.
        case stopped
        case finished
    }

    var event: Event
    /// Of `begun`.
    var run: JournalHeader?
    /// Of `rolling-back` and `resumed`.
    var steps: [String]?
    /// Of the events of a step.
    var index: Int?
    /// Of `finished`: how. Of `stopped`: the error's code.
    var outcome: String?
    /// Of `stopped`: the sentence.
    var message: String?
}

/// What a journal begins with: all that `recover` needs when nothing but the journal and the machine is left.
struct JournalHeader: Codable, Equatable {
    static let version = 2

    var schemaVersion: Int
    var bootID: String?
    var policy: String?
    var steps: [String]
    /// The rules that the kernel follows: with modules out less of it shows.
    var rules: String?
    var initialProbe: String?
    /// The initial probe was over when the run began.
    var probeWasDone: Bool
    var accepted: [String]
    var before: JournalGoal
    var after: JournalGoal

    enum CodingKeys: String, CodingKey {
        case schemaVersion = "schema_version"
        case bootID = "boot_id"
        case policy, steps, rules
        case initialProbe = "initial_probe"
        case probeWasDone = "probe_was_done"
        case accepted, before, after
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

/// An `OwnershipGoal` in a journal.
struct JournalGoal: Codable, Equatable {
    struct Part: Codable, Equatable {
        /// Addresses, inclusive, as in every document.
        var start: String
        var end: String
        var owners: [String]
    }

    var parts: [Part]
    var modules: [String: [String]]
    var held: Bool
    var uses: [String]
}
