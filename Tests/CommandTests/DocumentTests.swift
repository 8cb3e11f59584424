import Foundation
import TestCaptures
import Testing

@testable import daxswitch

@Suite("Documents, schemas and the text about them")
struct DocumentTests {
    private func schemas() throws -> [String: [String]] {
        let folder = repository.appendingPathComponent("docs/schemas")
        var kinds: [String: [String]] = [:]
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let data = try Data(contentsOf: folder.appendingPathComponent(file))
            let schema = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            let properties = try #require(schema["properties"] as? [String: [String: Any]])
            #expect(properties["schema_version"]?["const"] as? Int == schemaVersion, "\(file)")
            let kind = properties["kind"]
            kinds[file] = kind?["enum"] as? [String] ?? (kind?["const"] as? String).map { [$0] }
        }
        return kinds
    }

    @Test("every kind of document has a schema, and version names them all")
    func kinds() throws {
        #expect(try schemas().values.flatMap(\.self).sorted() == documentKinds)
        let document = try Tool.run(["version", "--json"]).document()
        #expect(try Schema(named: "version").problems(document) == [])
        #expect((document["schemas"] as? [String: Int])?.keys.sorted() == documentKinds)
        #expect(document["version"] as? String == Daxswitch.version)
        #expect((document["libkmod"] as? String)?.hasPrefix("2.") == true)
    }

    @Test("a library that is damaged is not started with, and its version is not known")
    func damagedLibrary() throws {
        let library = try temporaryFile("libkmod.so.2", "not a library")
        let folder = URL(fileURLWithPath: library).deletingLastPathComponent().path
        let ended = try Tool.run(["version", "--json"], environment: ["LD_LIBRARY_PATH": folder])
        #expect(ended.status == 0)
        #expect(try ended.document()["libkmod"] is NSNull)
    }

    @Test("explain and collect are as their schemas say")
    func others() throws {
        let explain = try Tool.run(["explain", "--json"]).document()
        #expect(try Schema(named: "explain").problems(explain) == [])
        let collect = try JSONSerialization.jsonObject(
            with: Data(document("collect", ["directory": .text("/tmp/node7"), "redacted": .bool(true)]).rendered.utf8)
        )
        #expect(try Schema(named: "collect").problems(collect) == [])
    }

    @Test("every JSON example in the texts is as its schema says")
    func examples() throws {
        let schemas = try schemas()
        var seen: Set<String> = []
        for name in ["README.md", "CONTRIBUTING.md", "docs/json.md"] {
            let text = try String(contentsOf: repository.appendingPathComponent(name), encoding: .utf8)
            for block in text.split(separator: "```json\n").dropFirst() {
                let example = try #require(block.split(separator: "```", maxSplits: 1).first)
                let object = try JSONSerialization.jsonObject(with: Data(example.utf8)) as? [String: Any]
                let kind = try #require(object?["kind"] as? String, "\(example)")
                let file = try #require(schemas.first { $0.value.contains(kind) }?.key)
                let schema = try Schema(named: file.replacing(".schema.json", with: ""))
                #expect(schema.problems(object as Any) == [], "\(name): \(kind)")
                seen.insert(kind)
            }
        }
        #expect(seen.isSuperset(of: ["apply", "diff", "error", "fleet", "record", "verify", "version"]))
    }

    @Test("standard output that is full is said: 1")
    func fullOutput() throws {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
        let command = ["sh", "-c", "exec \"$@\" > /dev/full", "sh", Tool.path]
        let ended = try Tool.run(command: command + ["plan", "hmem", "--json", "--root", root.path])
        #expect(ended.status == 1)
        #expect(ended.complaint.contains("could not write all output: No space left on device"))
    }
}
