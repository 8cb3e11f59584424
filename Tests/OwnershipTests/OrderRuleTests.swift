import Machine
import Testing

@testable import Ownership

@Suite("What the orders of an outcome have in common")
struct OrderRuleTests {
    private typealias Pair = OrderRule.Precedence

    private static let orders = ["a", "b", "c", "d"].permutations()

    private func rule(_ orders: [[String]] = Self.orders, where isOfGroup: ([String]) -> Bool) -> OrderRule {
        OrderRule(of: orders.filter(isOfGroup), among: orders.filter { !isOfGroup($0) })
    }

    private func holds(_ first: String, _ second: String, _ order: [String]) -> Bool {
        Pair(first, before: second).holds(in: order)
    }

    @Test("all orders, one precedence, a first and a last module")
    func simple() {
        #expect(rule { _ in true } == OrderRule(.every))
        #expect(rule { self.holds("b", "a", $0) } == OrderRule(.only, [Pair("b", before: "a")]))
        let first = OrderRule(.only, ["b", "c", "d"].map { Pair("a", before: $0) })
        #expect(rule { $0.first == "a" } == first)
        #expect(rule { $0.last == "a" } == OrderRule(.only, ["b", "c", "d"].map { Pair($0, before: "a") }))
    }

    @Test("all but the orders with two precedences")
    func except() {
        let pairs = [Pair("a", before: "b"), Pair("b", before: "c")]
        #expect(rule { order in !pairs.allSatisfy { $0.holds(in: order) } } == OrderRule(.except, pairs))
    }

    @Test("what others have too is said to be so")
    func some() {
        let group: ([String]) -> Bool = { self.holds("a", "b", $0) && ($0.first == "c" || $0.last == "c") }
        #expect(rule(where: group) == OrderRule(.some, [Pair("a", before: "b")]))
        #expect(rule { $0.first == "a" || $0.first == "b" && $0.last == "a" }.extent == .some)
    }

    @Test("one order is a chain, without what follows from it")
    func chain() {
        let chain = [Pair("a", before: "b"), Pair("b", before: "c"), Pair("c", before: "d")]
        #expect(rule { $0 == ["a", "b", "c", "d"] } == OrderRule(.only, chain))
    }

    @Test("whatever the group is: the rule is true, and needs each of its precedences", arguments: 0..<40)
    func properties(seed: Int) {
        let orders = ["a", "b", "c"].permutations()
        // Every group of the six orders, as the bits of a number.
        let group = orders.indices.filter { (seed + 1) >> $0 & 1 == 1 }.map { orders[$0] }
        let others = orders.filter { !group.contains($0) }
        guard !group.isEmpty else { return }
        let rule = OrderRule(of: group, among: others)
        let matching = orders.filter { order in rule.precedences.allSatisfy { $0.holds(in: order) } }
        switch rule.extent {
        case .every: #expect(others.isEmpty && rule.precedences.isEmpty)
        case .only: #expect(matching == group)
        case .except: #expect(matching == others)
        case .some: #expect(Set(group).isSubset(of: matching) && matching != group)
        }
        guard rule.extent == .only else { return }
        for place in rule.precedences.indices {
            var fewer = rule.precedences
            fewer.remove(at: place)
            #expect(orders.filter { order in fewer.allSatisfy { $0.holds(in: order) } } != group)
        }
    }

    @Test("six modules, 720 orders: every order is in one group, at once")
    func groups() throws {
        let machine = Machines.cxlOwned(.unfixed, locked: false)
        let modules = ["cxl_acpi", "dax_hmem", "dax_cxl", "cxl_pci", "cxl_mem", "cxl_port"]
        let outcomes = try Planner(machine: machine).allOrders(of: modules)
        let groups = OrderGroup.groups(of: outcomes)
        #expect(groups.flatMap(\.outcomes).sorted() == Array(outcomes.indices))
        #expect(groups.map(\.orders.count).reduce(0, +) == 720)
        #expect(groups.count <= outcomes.count)
    }
}
