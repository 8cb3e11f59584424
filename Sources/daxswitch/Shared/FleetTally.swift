import Ownership

/// How one machine of many stands; the raw value is the word in the text.
enum FleetResult: String, CaseIterable, Codable {
    /// `plan`: steps are pending.
    case changes
    /// `plan`: what is wanted is so already.
    case nothingToDo = "nothing-to-do"
    /// `plan`: a hazard stands in the way.
    case refused
    /// `verify`: no difference.
    case matches
    /// `verify`: at least one difference.
    case differs
    /// `status`: the health.
    case ok, attention, broken
    /// The machine could not be read, or the command can say nothing about it.
    case failed

    /// What `plan` comes to.
    init(_ plan: Plan) {
        if !plan.openHazards.isEmpty {
            self = .refused
        } else {
            self = plan.isEmpty ? .nothingToDo : .changes
        }
    }

    /// What `status` comes to.
    init(_ health: Health) {
        switch health {
        case .ok: self = .ok
        case .attention: self = .attention
        case .broken: self = .broken
        }
    }
}

/// The counts over many machines; it does not grow with them.
struct FleetTally {
    /// The machines by how they stand; each is counted once.
    private(set) var results: [FleetResult: Int] = [:]
    /// The machines that each hazard refuses; one machine may have several.
    private(set) var refusedBy: [Hazard.Identifier: Int] = [:]
    /// The machines that failed, by the code of the error.
    private(set) var failedBy: [String: Int] = [:]
    /// The planned machines where some range has more than one possible owner.
    private(set) var uncertain = 0
    /// The machines that have each finding; one machine may have several.
    private(set) var findings: [Finding.Identifier: Int] = [:]
    /// The machines that were read, by their health.
    private(set) var health: [Health: Int] = [:]
    private var statuses: Set<ExitStatus> = []

    /// How many machines there were.
    var hosts: Int { results.values.reduce(0, +) }

    mutating func add(_ entry: FleetEntry) {
        results[entry.result, default: 0] += 1
        for hazard in entry.refusedBy { refusedBy[hazard, default: 0] += 1 }
        if let error = entry.error { failedBy[error, default: 0] += 1 }
        if entry.isUncertain { uncertain += 1 }
        if let found = entry.findings {
            for id in found { findings[id, default: 0] += 1 }
        }
        if let found = entry.health { health[found, default: 0] += 1 }
        statuses.insert(entry.status)
    }

    /// How the process ends: the most severe status of any machine alone.
    var status: ExitStatus { Self.mostSevere.first(where: statuses.contains) ?? .done }

    /// What a command can end with about one machine, the most severe first.
    static let mostSevere: [ExitStatus] = [
        .badData, .notPermitted, .busy, .missing, .failed, .stopped, .refused, .differs, .pending,
    ]
}
