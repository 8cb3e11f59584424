import Machine

/// Every state that the model can reach from the boot of one scenario, nearest first.
struct ProofSearch {
    /// The states, in the order in which they were found: by the number of events on the shortest way.
    private(set) var states: [ProofState]
    private var origin: [(from: Int, by: ProofEvent)?]

    /// Searches from the boot of `scenario`.
    ///
    /// - Parameter events: What may happen, as often as it likes.
    /// - Parameter last: What may happen again at the very end.
    init(_ scenario: ProofScenario, events: [ProofEvent] = ProofEvent.switching, last: [ProofEvent] = [.online]) {
        let boot = ProofState(booting: scenario)
        states = [boot]
        origin = [nil]
        var known: Set<UInt64> = [boot.key]
        var next = 0
        while next < states.count {
            add(events, from: next, &known)
            next += 1
        }
        for index in states.indices { add(last, from: index, &known) }
    }

    private mutating func add(_ events: [ProofEvent], from index: Int, _ known: inout Set<UInt64>) {
        for event in events where !states[index].isNeedless(event) {
            for state in states[index].following(event) where known.insert(state.key).inserted {
                states.append(state)
                origin.append((index, event))
            }
        }
    }

    /// A shortest way from the boot to the state at `index`.
    func trace(to index: Int) -> [String] {
        var events: [ProofEvent] = []
        var index = index
        while let (from, event) = origin[index] {
            events.append(event)
            index = from
        }
        return events.reversed().flatMap(\.words)
    }
}

/// What can happen to a machine between two looks at it.
enum ProofEvent: Hashable, Sendable {
    case steps([Step])
    /// udev loads kmem, and it or a person onlines all memory that kmem then has.
    case online

    /// What moves modules. The endpoints' two drivers go together: regions need both, and no rule asks for one alone.
    static let switching: [ProofEvent] =
        ["cxl_acpi", "dax_hmem", "dax_cxl"].flatMap { [.steps([.load($0)]), .steps([.unload($0)])] } + [
            .steps([.load("cxl_mem"), .load("cxl_pci")]), .steps([.unload("cxl_pci"), .unload("cxl_mem")]),
            .steps([.hold]), .steps([.release]),
        ]

    /// As a trace names it.
    var words: [String] {
        switch self {
        case .steps(let steps): steps.map(\.description)
        case .online: ["online-memory"]
        }
    }
}
