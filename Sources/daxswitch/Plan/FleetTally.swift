import Ownership

/// What a plan comes to on one machine.
enum FleetResult: String {
    /// Steps are pending.
    case changes
    /// What is wanted holds.
    case nothingToDo = "nothing-to-do"
    /// A hazard stands in the way.
    case refused
    /// The machine could not be read, or nothing can be planned for it.
    case failed

    /// What `plan` comes to.
    init(_ plan: Plan) {
        if !plan.hazards.isEmpty {
            self = .refused
        } else {
            self = plan.isEmpty ? .nothingToDo : .changes
        }
    }
}

/// The counts over many machines; it does not grow with them.
struct FleetTally {
    /// The machines by what the plan comes to; each is counted once.
    private(set) var results: [FleetResult: Int] = [:]
    /// The machines that each hazard refuses; one machine may have several.
    private(set) var refusedBy: [Hazard.Identifier: Int] = [:]
    /// The machines that failed, by the code of the error.
    private(set) var failedBy: [String: Int] = [:]
    /// The planned machines where some range has more than one possible owner.
    private(set) var uncertain = 0
    private var failures: Set<ExitStatus> = []

    /// How many machines there were.
    var hosts: Int { results.values.reduce(0, +) }

    mutating func add(_ plan: Plan) {
        results[FleetResult(plan), default: 0] += 1
        for hazard in Set(plan.hazards.grouped.map(\.cause.id)) { refusedBy[hazard, default: 0] += 1 }
        if !plan.prediction.isCertain { uncertain += 1 }
    }

    mutating func add(_ failure: Failure) {
        results[.failed, default: 0] += 1
        failedBy[failure.code, default: 0] += 1
        failures.insert(failure.status)
    }

    /// How the process ends: the gravest that any machine alone would have ended with.
    func status(detailed: Bool) -> ExitStatus {
        if let failure = Self.gravest.first(where: failures.contains) { return failure }
        if results[.refused] != nil { return .refused }
        return detailed && results[.changes] != nil ? .pending : .done
    }

    /// What a machine can fail with, the gravest first.
    static let gravest: [ExitStatus] = [.badData, .notPermitted, .busy, .missing, .failed]
}
