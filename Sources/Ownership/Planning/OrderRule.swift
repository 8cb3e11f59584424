/// What the orders of one outcome have in common, and the others don't: which modules are loaded before which. Pure.
package struct OrderRule: Sendable, Equatable {
    /// Two modules, in the order in which they are loaded.
    package struct Precedence: Sendable, Hashable {
        package let first: String
        package let second: String

        package init(_ first: String, before second: String) { (self.first, self.second) = (first, second) }

        /// Whether `order`, which has both modules, has them so.
        func holds(in order: [String]) -> Bool {
            guard let one = order.firstIndex(of: first), let other = order.firstIndex(of: second) else { return false }
            return one < other
        }
    }

    /// How far the precedences describe the group; the raw value is the word in the JSON documents.
    package enum Extent: String, Sendable {
        /// The group is all orders. There is no precedence.
        case every
        /// The group is the orders with all of the precedences, and no others.
        case only
        /// The group is all orders but those with all of the precedences.
        case except
        /// All orders of the group have the precedences, if there are any, and other orders have them too.
        case some
    }

    package let extent: Extent
    /// As few as describe the group, sorted.
    package let precedences: [Precedence]

    package init(_ extent: Extent, _ precedences: [Precedence] = []) {
        self.extent = extent
        self.precedences = precedences
    }

    /// What tells `group` from `others`. Both are orders of the same modules, each once.
    package init(of group: [[String]], among others: [[String]]) {
        if others.isEmpty {
            self.init(.every)
        } else if let fewest = Self.fewest(in: group, excluding: others) {
            self.init(.only, fewest)
        } else if let fewest = Self.fewest(in: others, excluding: group) {
            self.init(.except, fewest)
        } else {
            self.init(.some, Self.needed(Self.common(to: group)))
        }
    }

    /// The precedences that all of `orders` have, sorted.
    private static func common(to orders: [[String]]) -> [Precedence] {
        guard let order = orders.first else { return [] }
        let pairs = order.indices.flatMap { place in
            order[(place + 1)...].map { Precedence(order[place], before: $0) }
        }
        return pairs.filter { pair in orders.allSatisfy(pair.holds) }
            .sorted { ($0.first, $0.second) < ($1.first, $1.second) }
    }

    /// Without those that follow from two others.
    private static func needed(_ pairs: [Precedence]) -> [Precedence] {
        let all = Set(pairs)
        return pairs.filter { pair in
            !pairs.contains { step in
                step.first == pair.first && all.contains(Precedence(step.second, before: pair.second))
            }
        }
    }

    /// As few precedences as possible that all of `orders` have, and none of `others` has all of; nil if no such set exists.
    private static func fewest(in orders: [[String]], excluding others: [[String]]) -> [Precedence]? {
        let common = common(to: orders)
        guard !others.contains(where: { order in common.allSatisfy { $0.holds(in: order) } }) else { return nil }
        // No more are needed than those from which all follow.
        for count in 1..<max(1, needed(common).count) {
            if let found = choose(count, from: common[...], excluding: others) { return found }
        }
        return needed(common)
    }

    private static func choose(
        _ count: Int,
        from pairs: ArraySlice<Precedence>,
        excluding others: [[String]]
    ) -> [Precedence]? {
        if others.isEmpty { return [] }
        guard count > 0 else { return nil }
        for place in pairs.indices {
            let left = others.filter(pairs[place].holds)
            if let rest = choose(count - 1, from: pairs[(place + 1)...], excluding: left) {
                return [pairs[place]] + rest
            }
        }
        return nil
    }
}

/// Outcomes that differ in their reasons alone: the owners, what is not certain, and the kinds of hazards are the same.
package struct OrderGroup: Sendable, Equatable {
    /// The places of the outcomes in the list that was grouped.
    package let outcomes: [Int]
    /// All their orders.
    package let orders: [[String]]
    /// What tells them from the orders of the other groups.
    package let rule: OrderRule

    /// The groups of `outcomes`, the safest first, as these are.
    package static func groups(of outcomes: [OrderOutcome]) -> [OrderGroup] {
        var places: [[Int]] = []
        for (place, outcome) in outcomes.enumerated() {
            if let group = places.firstIndex(where: { outcomes[$0[0]].plan.comesTo(outcome.plan) }) {
                places[group].append(place)
            } else {
                places.append([place])
            }
        }
        return places.map { group in
            let others = outcomes.indices.filter { !group.contains($0) }.flatMap { outcomes[$0].orders }
            let orders = group.flatMap { outcomes[$0].orders }
            return OrderGroup(outcomes: group, orders: orders, rule: OrderRule(of: orders, among: others))
        }
    }
}

extension Plan {
    fileprivate func comesTo(_ other: Plan) -> Bool {
        let owners = { (plan: Plan) in plan.prediction.ranges.map { [$0.range: $0.owners] } }
        return owners(self) == owners(other) && prediction.missingFacts == other.prediction.missingFacts
            && Set(hazards.map(\.id)) == Set(other.hazards.map(\.id))
    }
}
