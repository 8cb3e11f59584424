import Iomem
import Machine
import Ownership

/// A word of a journal that can't be understood.
struct JournalWordError: Error {
    let message: String
}

/// The words of a journal as values, and values as words.
enum JournalWords {
    /// A step left out would make a way out of this that leads elsewhere.
    static func steps(_ words: [String]?) throws(JournalWordError) -> [Step] {
        var steps: [Step] = []
        for word in words ?? [] {
            do {
                steps.append(try Step(parsing: word))
            } catch {
                throw JournalWordError(message: error.message)
            }
        }
        return steps
    }

    /// The value whose raw value is `word`.
    static func read<Value: RawRepresentable<String>>(_ word: String) throws(JournalWordError) -> Value {
        guard let value = Value(rawValue: word) else {
            throw JournalWordError(message: "\"\(word)\" is not understood")
        }
        return value
    }

    fileprivate static func address(_ text: String) throws(JournalWordError) -> UInt64 {
        guard let address = parseAddress(text) else {
            throw JournalWordError(message: "\"\(text)\" is not an address")
        }
        return address
    }
}

extension JournalHeader {
    /// What a run begins with.
    init(
        _ plan: Plan,
        on machine: MachineState,
        overrides: Overrides,
        accepted: Set<Hazard.Identifier>
    ) {
        schemaVersion = Self.version
        bootID = machine.kernel.bootID
        policy = plan.policy
        steps = plan.steps.map(\.description)
        rules = overrides.generation?.rawValue
        initialProbe = overrides.initialProbe?.rawValue
        probeWasDone = machine.initialProbe.value == .done
        self.accepted = accepted.map(\.rawValue).sorted()
        before = JournalGoal(OwnershipGoal(of: machine))
        after = JournalGoal(OwnershipGoal(after: plan, on: machine))
    }
}

extension JournalGoal {
    init(_ arrangement: OwnershipGoal) {
        parts = arrangement.parts.map { part in
            Part(
                start: hexadecimal(part.range.start),
                end: hexadecimal(part.range.end),
                owners: part.owners.sorted().map(\.rawValue)
            )
        }
        modules = arrangement.modules.mapValues { $0.map(\.rawValue).sorted() }
        held = arrangement.isHeld
        uses = arrangement.uses.map(\.description)
    }

    func arrangement() throws(JournalWordError) -> OwnershipGoal {
        var read: [OwnershipGoal.Part] = []
        for part in parts {
            let (start, end) = (try JournalWords.address(part.start), try JournalWords.address(part.end))
            guard let range = AddressRange(start: start, end: end) else {
                throw JournalWordError(message: "\(part.start)-\(part.end) is not an address range")
            }
            var owners: Set<Owner> = []
            for word in part.owners { owners.insert(try JournalWords.read(word)) }
            read.append(OwnershipGoal.Part(range: range, owners: owners))
        }
        var standings: [String: Set<ModuleStanding>] = [:]
        for (module, words) in modules {
            for word in words { standings[module, default: []].insert(try JournalWords.read(word)) }
        }
        return OwnershipGoal(parts: read, modules: standings, isHeld: held, uses: try JournalWords.steps(uses))
    }
}
