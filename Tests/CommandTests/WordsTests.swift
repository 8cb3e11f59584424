import Foundation
import Testing

@testable import daxswitch

/// Every text that a person reads is in plain English: what must not be in one is in `PlainEnglish.banned`.
@Suite("Plain English")
struct WordsTests {
    /// The files below these places, without what was recorded from machines or made by others.
    private func files(_ places: [String], _ isWanted: (String) -> Bool = { _ in true }) -> [String] {
        let skipped = ["Tests/Captures/", "Tests/Field/", "Tests/Kernels/", "Tests/FuzzTests/Corpus/"]
        return places.flatMap { place -> [String] in
            let url = repository.appendingPathComponent(place)
            guard url.hasDirectoryPath || FileManager.default.fileExists(atPath: url.path + "/.") else {
                return [place]
            }
            let names = FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String } ?? []
            return names.map { "\(place)/\($0)" }
        }.filter { path in isWanted(path) && !skipped.contains { path.hasPrefix($0) } }.sorted()
    }

    private func text(_ path: String) -> String? {
        try? String(contentsOf: repository.appendingPathComponent(path), encoding: .utf8)
    }

    private func problems(_ files: [String], _ prose: (String) -> String = { $0 }) -> [String] {
        files.flatMap { path in text(path).map { PlainEnglish.problems(prose($0), file: path) } ?? [] }
    }

    @Test("comments and string literals of the sources and the tests")
    func sources() {
        // Not all of Benchmarks: it has a link to the sources.
        let benchmarks = ["Functions", "ReferenceParser", "Package.swift"].map { "Benchmarks/\($0)" }
        let sources = files(["Sources", "Tests", "Tools", "Package.swift"] + benchmarks) { path in
            [".swift", ".c", ".h"].contains { path.hasSuffix($0) }
        }
        #expect(sources.count > 300)
        let found = problems(sources, ProseOfSource.text)
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    @Test("the lab and the scripts")
    func scripts() {
        let scripts = files([
            "Tests/Lab", "packaging", ".ci", "Makefile", "Policies", "Benchmarks/bench", "Benchmarks/daxbench",
        ]) { !$0.hasSuffix(".pyc") }
        #expect(scripts.count > 100)
        let found = problems(scripts)
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    @Test("documents, manuals, completions, and the changelog from 0.2.0 on")
    func documents() {
        let documents = files(["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs", "completions"]) {
            !$0.hasSuffix(".svg")
        }
        let changes = text("CHANGELOG.md")?.components(separatedBy: "\n## 0.1.0").first ?? ""
        #expect(changes.contains("## 0.2.0"))
        let found = problems(documents) + PlainEnglish.problems(changes, file: "CHANGELOG.md")
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    @Test("what the commands print, as the cases have it")
    func outputs() {
        let outputs = files(["Tests/Cases"]) { $0.hasSuffix("/stdout") || $0.hasSuffix("/stderr") }
        #expect(outputs.count > 100)
        let found = problems(outputs)
        #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
    }

    @Test(
        "a banned word is found, with the better one",
        arguments: [
            ("Plan anew", "again"), ("the gravest first", "most severe"), ("it brings cxl_acpi back", "lead to"),
            ("cxl_acpi is out, so", "is not loaded"), ("a file of others than root", "users who are not"),
            ("no hazard is none", "is not a"), ("goes on all the same", "anyway"),
        ]
    )
    func isFound(text: String, better: String) {
        let found = PlainEnglish.problems("first line\n\(text)\n", file: "x.md")
        #expect(found.count == 1 && found[0].hasPrefix("x.md:2: ") && found[0].contains(better), "\(found)")
    }

    @Test(
        "what only looks like one is not found",
        arguments: ["it runs out of memory", "nothing more", "None of it is in use"]
    )
    func isNotFound(text: String) {
        #expect(PlainEnglish.problems(text, file: "x.md").isEmpty)
    }

    @Test("of a source, comments and literals are read, code and what is interpolated are not")
    func prose() {
        let source = """
            let brings = call(anew: "so \\(bring(anew, "inner")) that") // a comment
            /* another */ let other = #"raw \\(text) "quoted" "#
            """
        let prose = ProseOfSource.text(source)
        #expect(prose.split(separator: "\n").count == 2)
        for word in ["so ", "that", "inner", "// a comment", "/* another", "raw \\(text) \"quoted\""] {
            #expect(prose.contains(word), "\(word)")
        }
        for word in ["brings", "bring", "anew", "call", "let"] { #expect(!prose.contains(word), "\(word)") }
    }
}
