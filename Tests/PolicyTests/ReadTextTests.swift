import Testing

@testable import Policy

@Suite("Reading the text of a policy")
struct ReadTextTests {
    @Test("what can't be read to its end is an error and no shorter text", arguments: ["/", "/proc/self/mem"])
    func failing(path: String) throws {
        let error = try #require(throws: PolicyError.self) { try PolicyLibrary(folders: []).text(of: path) }
        #expect(error.code == .unreadable)
    }

    @Test("what is not trusted is not read")
    func distrusted() throws {
        let library = PolicyLibrary(folders: []) { _, path in "\(path) is odd" }
        let error = try #require(throws: PolicyError.self) { try library.text(of: "/etc/passwd") }
        #expect(error.code == .notTrusted && error.message == "/etc/passwd is odd")
    }

    @Test("what is not there is no error")
    func missing() throws {
        #expect(try PolicyLibrary(folders: []).text(of: "/nowhere/x.toml") == nil)
    }
}
