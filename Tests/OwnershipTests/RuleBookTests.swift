import CaptureReplay
import Testing

@Suite("docs/kernel-rules.md, docs/findings.md")
struct RuleBookTests {
    @Test("says what the rules say")
    func isCurrent() {
        let document = GeneratedDocument.kernelRules
        #expect(document.isCurrent, "docs/\(document.name) is stale: run `make docs`")
    }

    @Test("says what the recorded machines show")
    func findings() throws {
        let document = try GeneratedDocument.findings()
        #expect(document.isCurrent, "docs/\(document.name) is stale: run `make docs`")
    }
}
