import Testing

@testable import Policy

@Suite("Reading the text of a policy")
struct ReadTextTests {
    @Test("what is not trusted is not read")
    func distrusted() {
        #expect(readText("/etc/passwd") { _, path in "\(path) is odd" } == .distrusted("/etc/passwd is odd"))
    }
}
