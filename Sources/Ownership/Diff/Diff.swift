package import Iomem
package import Machine

/// What is not the same on two sides, each a machine as it is or as a plan predicts it.
///
/// A fact that one side does not tell is no difference: it is in `unknowns`. Names with a number that nobody chooses
/// (`dax0.0`, `region0`, `CXL Window 0`) are not compared, and neither are hosts.
package struct Diff: Sendable, Equatable {
    /// Every difference, by kind in the order of `Kind`, then by address or name.
    package private(set) var differences: [Entry] = []
    /// What could not be compared, in the same order.
    package private(set) var unknowns: [Unknown] = []
    /// The kinds of which a plan tells nothing.
    package private(set) var notCompared: Set<Kind> = []

    /// What an entry is about; the raw value is the word in the JSON documents.
    package enum Kind: String, Sendable, CaseIterable {
        /// The kernel's release, the rules that it follows, and what they have decided for this boot.
        case kernel
        /// Who owns the bytes.
        case owner
        /// What memory with an owner is used for.
        case use
        /// A module's standing.
        case module
        /// A CXL window.
        case window
        /// A CXL region.
        case region
        /// Soft Reserved bytes.
        case softReserved = "soft-reserved"
        /// Whether `cxl_acpi` is kept out.
        case hold
        /// What `persist` wrote for the next boots.
        case nextBoot = "next-boot"
        /// A kernel parameter that bears on who owns memory.
        case parameter
        /// What the host's own configuration tells modprobe about a module that steps switch.
        case modprobe
        /// What is wrong, or worth knowing.
        case finding
        /// A step of two plans.
        case step
        /// A hazard of two plans.
        case hazard
        /// A line of `/proc/iomem`, where a plan predicts them.
        case iomem
    }

    /// One difference.
    package struct Entry: Sendable, Equatable {
        /// What it is about.
        package var kind: Kind
        /// Which finding or hazard; nil for anything else.
        package var id: String?
        /// The module or region, or what a finding is about; for bytes, their range.
        package var subject: String
        /// The bytes concerned, inclusive ends; nil where it is about none.
        package var range: AddressRange?
        /// What is so on the first side, each alternative; none where it is not there.
        package var a: [String]
        /// What is so on the second side, each alternative; none where it is not there.
        package var b: [String]
    }

    /// One thing that a side does not tell.
    package struct Unknown: Sendable, Equatable {
        /// What it is about.
        package var kind: Kind
        /// Which finding or hazard; nil for anything else.
        package var id: String?
        /// The module or region, or what a finding is about; for bytes, their range.
        package var subject: String
        /// The bytes concerned, inclusive ends; nil where it is about none.
        package var range: AddressRange?
        /// Whether the first side tells it.
        package var isInA: Bool
        /// Whether the second side tells it.
        package var isInB: Bool
    }

    /// One side of a comparison.
    package enum Side: Sendable {
        /// A machine as it is, with what is wrong with it.
        case machine(MachineState, [Finding])
        /// A machine as a plan predicts it.
        case plan(Plan)
    }

    /// Nothing differs.
    package var isEmpty: Bool { differences.isEmpty }

    /// What is not the same on the two sides. It takes O(n log n) for n ranges, lines and memory blocks.
    package init(_ a: Side, _ b: Side) {
        switch (a, b) {
        case (.machine(let a, let found), .machine(let b, let others)):
            compareKernels(a, b)
            compareBytes(MachineBytes(a), MachineBytes(b))
            compareModules(modulesOfInterest, standing: a.possibleStandings, b.possibleStandings)
            compareWindows(a, b)
            compareRegions(a, b)
            compareSoftReserved(a, b)
            compareHolds(a, b)
            compareParameters(a, b)
            compareModprobe(a, b)
            compareFindings((a, found), (b, others))
        case (.plan(let a), .plan(let b)): comparePlans(a, b)
        case (.plan(let plan), .machine(let machine, let found)): compare(plan, with: machine, found)
        case (.machine(let machine, let found), .plan(let plan)):
            compare(plan, with: machine, found)
            mirror()
        }
        sort()
    }

    /// The same with the sides exchanged.
    package var mirrored: Diff {
        var diff = self
        diff.mirror()
        return diff
    }

    private mutating func mirror() {
        differences = differences.map { entry in
            Entry(kind: entry.kind, id: entry.id, subject: entry.subject, range: entry.range, a: entry.b, b: entry.a)
        }
        unknowns = unknowns.map { unknown in
            Unknown(
                kind: unknown.kind,
                id: unknown.id,
                subject: unknown.subject,
                range: unknown.range,
                isInA: unknown.isInB,
                isInB: unknown.isInA
            )
        }
    }
}

extension Diff {
    /// What may be so on one side of a thing.
    struct Told: Equatable {
        /// Every value that it can have, as words; none where it is not there.
        let possible: Set<String>
        /// The words for people.
        let shown: [String]
        /// Whether the side tells all that there is to tell.
        let isKnown: Bool

        /// Just this; nil where it is not there.
        init(_ word: String?) {
            possible = [word ?? ""]
            shown = word.map { [$0] } ?? []
            isKnown = true
        }

        /// Any of `values`, which is all that there is to tell: what a plan predicts.
        init(anyOf values: Set<some RawRepresentable<String>>, shown words: [String]? = nil) {
            possible = Set(values.map(\.rawValue))
            shown = words ?? possible.sorted()
            isKnown = true
        }

        /// One of `words`, of which a person is shown `word`.
        init(oneOf words: Set<String>, shown word: String) {
            possible = words
            shown = [word]
            isKnown = words.count == 1
        }

        private init() {
            possible = []
            shown = []
            isKnown = false
        }

        /// The side does not tell it.
        static let unknown = Told()

        /// Whether no value is possible on both sides. Two plans with other doubts differ as well.
        func differs(from other: Told, arePlans: Bool) -> Bool {
            if arePlans { return possible != other.possible }
            return !possible.isEmpty && !other.possible.isEmpty && possible.isDisjoint(with: other.possible)
        }
    }

    /// Notes one thing where the sides differ, or where one of them does not tell it.
    mutating func note(
        _ kind: Kind,
        id: String? = nil,
        _ subject: String,
        _ a: Told,
        _ b: Told,
        over range: AddressRange? = nil,
        arePlans: Bool = false
    ) {
        if a.differs(from: b, arePlans: arePlans) {
            differences.append(Entry(kind: kind, id: id, subject: subject, range: range, a: a.shown, b: b.shown))
        } else if !a.isKnown || !b.isKnown {
            unknowns.append(
                Unknown(kind: kind, id: id, subject: subject, range: range, isInA: a.isKnown, isInB: b.isKnown)
            )
        }
    }

    /// Notes that nothing of a kind is told by one side or both.
    mutating func leaveOut(_ kinds: Kind...) { notCompared.formUnion(kinds) }

    /// The order does not depend on which side is the first.
    private mutating func sort() {
        differences = Self.sorted(differences) { Place($0.kind, $0.range, $0.id, $0.subject, ($0.a + $0.b).sorted()) }
        unknowns = Self.sorted(unknowns) { Place($0.kind, $0.range, $0.id, $0.subject, []) }
    }

    private static func sorted<Element>(_ elements: [Element], by place: (Element) -> Place) -> [Element] {
        elements.enumerated().map { (place: place($0.element), offset: $0.offset, element: $0.element) }
            .sorted { $0.place < $1.place || !($1.place < $0.place) && $0.offset < $1.offset }.map(\.element)
    }

    /// Where an entry stands among others.
    private struct Place: Comparable {
        private let order: Int
        private let isStep: Bool
        private let range: AddressRange?
        private let words: [String]

        init(_ kind: Kind, _ range: AddressRange?, _ id: String?, _ subject: String, _ more: [String]) {
            order = Kind.allCases.firstIndex(of: kind) ?? 0
            isStep = kind == .step
            self.range = range
            words = [id ?? "", subject] + more
        }

        static func < (left: Place, right: Place) -> Bool {
            if left.order != right.order { return left.order < right.order }
            // The steps of plans are in the order in which they are done.
            if left.isStep { return false }
            if left.range != right.range {
                // What is about no bytes comes last.
                guard let one = left.range, let other = right.range else { return left.range != nil }
                return one < other
            }
            return left.words.lexicographicallyPrecedes(right.words)
        }
    }
}
