import Iomem
import Testing

@testable import Ownership

@Suite("Why ranges are as they are")
struct DecisionTests {
    private static func range(_ random: inout SystemRandomNumberGenerator) throws -> AddressRange {
        try #require(
            AddressRange(start: .random(in: 0...40, using: &random), size: .random(in: 1...12, using: &random))
        )
    }

    @Test("noting many decisions at once equals noting them one by one") func batches() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var (single, batched) = (Decisions(), Decisions())
            for round in 0..<5 {
                let made = try (0..<Int.random(in: 0...12, using: &random)).map {
                    (range: try Self.range(&random), decision: Decision(rules: ["\(round).\($0)"], why: ""))
                }
                for one in made { single.note(one.decision, about: one.range) }
                batched.note(made)
                #expect(batched == single, "\(made)")
            }
        }
    }

    @Test("a decision takes the place of those about bytes within its range, and of no other")
    func equivalence() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var decisions = Decisions()
            var expected: [AddressRange: Decision] = [:]
            for number in 0..<40 {
                let range = try Self.range(&random)
                let decision = Decision(rules: ["\(number)"], why: "")
                decisions.note(decision, about: range)
                expected = expected.filter { !range.contains($0.key) }
                expected[range] = decision
                #expect(decisions.ranges == expected.keys.sorted())
                #expect(zip(decisions.ranges, decisions.decisions).allSatisfy { expected[$0] == $1 })
                #expect(decisions.has(range))
            }
        }
    }
}
