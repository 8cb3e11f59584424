import FoundationEssentials
import Ownership
import Testing

@testable import Policy

@Suite("The policy library")
struct PolicyLibraryTests {
    /// The repository, from the place of this file in it.
    private let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    @Test("carries the shipped policies as they are in Policies; `make policies` renews them")
    func builtin() throws {
        let folder = "\(repository)/Policies"
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".toml") }
        #expect(Set(files) == Set(PolicyLibrary.builtinTexts.keys.map { "\($0).toml" }))
        for (name, text) in PolicyLibrary.builtinTexts {
            #expect(try String(contentsOfFile: "\(folder)/\(name).toml", encoding: .utf8) == text)
        }
    }

    @Test("reads every policy it lists")
    func readable() throws {
        let library = PolicyLibrary(folders: [])
        #expect(library.names == ["cxl", "hmem", "reload"])
        for name in library.names {
            let entry = try library.find(name)
            #expect(entry.policy.name == name)
            #expect(entry.source == "built in")
        }
    }

    @Test("prefers the machine's own policy to the packaged one, and a path to both")
    func order() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "policies-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for part in ["own", "packaged"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(part)", withIntermediateDirectories: true)
            let text = "summary = \"\(part)\"\norder = [\"hold\"]\n"
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(part)/cxl.toml"))
        }
        let library = PolicyLibrary(folders: ["\(folder)/own", "\(folder)/packaged"])
        #expect(try library.find("cxl").policy.summary == "own")
        #expect(try library.find("\(folder)/packaged/cxl.toml").policy.summary == "packaged")
        #expect(try library.find("hmem").source == "built in")
    }

    @Test("says which names there are when a name is unknown")
    func unknown() throws {
        let error = try #require(throws: PolicyError.self) { try PolicyLibrary(folders: []).find("fast") }
        #expect(error.code == .notFound)
        #expect(error.message.contains("cxl, hmem, reload"))
    }
}
