import Machine
import Ownership
import Testing

@testable import Policy

@Suite("A policy's text")
struct PolicyFileTests {
    private func policy(_ text: String) throws -> Ownership.Policy {
        try PolicyFile.parse(text, file: "/etc/daxswitch/policies/night.toml")
    }

    @Test("is read with what it leaves out taken as no wish and no consent")
    func smallest() throws {
        let policy = try policy(#"summary = "s"\#norder = ["hold", "load:dax-hmem"]"#)
        #expect(policy.name == "night")
        #expect(policy.order == [.hold, .load("dax_hmem")])
        #expect(policy.want == .init(leftOut: Set(Ownership.Policy.Want.Place.allCases)))
        #expect(policy.consent == .init(offlineMemory: false, loseRegions: false))
    }

    @Test("gives the owners wanted")
    func wants() throws {
        let policy = try policy(
            """
            summary = "s"
            order = ["load:dax_hmem"]
            [want]
            covered_by_region = "cxl"
            window_only = "any"
            outside_windows = "none"
            [consent]
            lose_regions = true
            """
        )
        #expect(policy.want == .init(coveredByRegion: .cxl, windowOnly: nil, outsideWindows: Owner.none))
        #expect(policy.consent == .init(offlineMemory: false, loseRegions: true))
    }

    @Test("is refused with the place", arguments: BadPolicy.all)
    func refused(bad: BadPolicy) throws {
        let error = try #require(throws: PolicyError.self) { try policy(bad.text) }
        #expect(error.line == bad.line)
        #expect(error.keyPath == bad.key)
        #expect(error.message.contains(bad.message))
        #expect("\(error)".hasPrefix("/etc/daxswitch/policies/night.toml:\(bad.line): \(bad.key): "))
    }

    @Test("that leaves out what must be there is refused with the key")
    func missing() throws {
        let error = try #require(throws: PolicyError.self) { try policy("order = [\"hold\"]") }
        #expect("\(error)" == "/etc/daxswitch/policies/night.toml: summary: this key is missing")
    }

    @Test("that is not TOML is refused with the line")
    func notTOML() throws {
        let text = "summary = \"s\"\norder = [\"hold\"\n\n[want]\n"
        let error = try #require(throws: PolicyError.self) { try policy(text) }
        #expect((error.line ?? 0) >= 2)
        #expect(error.message.hasPrefix("not TOML"))
    }
}
