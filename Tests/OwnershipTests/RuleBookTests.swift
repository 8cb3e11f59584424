import CaptureReplay
import Testing

@Suite("docs/kernel-rules.md")
struct RuleBookTests {
    @Test("says what the rules say")
    func isCurrent() {
        let document = GeneratedDocument.kernelRules
        #expect(document.isCurrent, "docs/\(document.name) is stale: run `make docs`")
    }
}
