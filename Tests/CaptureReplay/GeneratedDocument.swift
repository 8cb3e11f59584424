internal import Foundation
internal import TestCaptures

/// A document in `docs/` that is made from values of the code: `make docs` writes it, tests compare it.
package struct GeneratedDocument {
    /// The file's name in `docs/`.
    package let name: String
    /// What it must hold.
    package let text: String

    package static var kernelRules: GeneratedDocument {
        GeneratedDocument(name: "kernel-rules.md", text: RuleBook.text)
    }

    /// From the machines of Tests/Kernels and Tests/Captures.
    package static func kernels() throws -> GeneratedDocument {
        GeneratedDocument(name: "kernels.md", text: try KernelBook.text())
    }

    /// From the machines of Tests/Field, and from recorded ones that show the rest.
    package static func findings() throws -> GeneratedDocument {
        GeneratedDocument(
            name: "findings.md",
            text: try FindingsBook.text(machines: TestCaptures.field + FindingsBook.others)
        )
    }

    /// Of the scenarios, those in Tests/Captures count: a recording that was just made is judged and not kept.
    package static func predictionAccuracy(_ scenarios: [ReplayedScenario]) -> GeneratedDocument {
        GeneratedDocument(
            name: "prediction-accuracy.md",
            text: AccuracyTable(scenarios.filter(\.isKept)).text
        )
    }

    private var file: URL { TestCaptures.repository.appendingPathComponent("docs/\(name)") }

    /// Whether the file in `docs/` holds the text.
    package var isCurrent: Bool { (try? String(contentsOf: file, encoding: .utf8)) == text }

    package func write() throws { try text.write(to: file, atomically: true, encoding: .utf8) }
}
