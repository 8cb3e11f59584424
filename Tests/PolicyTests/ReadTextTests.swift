import Testing

@testable import Policy

@Suite("Reading the text of a policy")
struct ReadTextTests {
    @Test("what can't be read to its end is an error and no shorter text", arguments: ["/", "/proc/self/mem"])
    func failing(path: String) {
        guard case .failure = readText(path) else {
            Issue.record("read")
            return
        }
    }

    @Test("what is not trusted is not read")
    func distrusted() {
        #expect(readText("/etc/passwd") { _, path in "\(path) is odd" } == .distrusted("/etc/passwd is odd"))
    }
}
