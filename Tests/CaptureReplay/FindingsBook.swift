internal import Inspection
internal import Machine
internal import Ownership
internal import Policy
internal import TestCaptures

/// The findings as a document, each with an example from a recorded machine.
package enum FindingsBook {
    /// Machines that show what those of Tests/Field don't.
    static let others = [
        "6.12.107/hmem-first-then-cxl/dax_cxl-second", "7.3.4/auto-kmem-stuck/dax_cxl-removed",
        "7.3.4/locked-switch/hmem-owned",
    ]

    /// The text of docs/findings.md.
    ///
    /// - Throws: where a recorded machine can't be read.
    package static func text(machines: [String]) throws -> String {
        var examples: [Finding.Identifier: (finding: Finding, machine: String)] = [:]
        let library = PolicyLibrary(folders: [])
        for name in machines {
            let state = try Inspector(root: TestCaptures.root(name).path).read()
            let found = findings(of: state) { ["cxl", "hmem", "reload"].compactMap { try? library.find($0).policy } }
            for finding in found where examples[finding.id] == nil { examples[finding.id] = (finding, name) }
        }
        var lines = [
            "# Findings", "",
            "Made by `make docs`. `daxswitch status` begins with what it found, the most severe first; `daxswitch explain ID` prints",
            "one of them. Findings of severity crash, loss and failure make `status --check` exit 4 and count as differences for",
            "`verify POLICY`. The examples are what `status` prints for the machine that is named.", "",
        ]
        for id in Finding.Identifier.allCases {
            lines += ["## \(id.rawValue)", "", "Severity: \(id.severity.rawValue). \(id.meaning)", ""]
            guard let (finding, machine) = examples[id] else {
                lines += ["No recorded machine shows it; tests do.", ""]
                continue
            }
            lines += ["Example (`\(machine)`): \(finding.what)", ""]
            lines += finding.evidence.prefix(4).map { "- `\($0)`" }
            lines += ["", "Fix: \(finding.fix).", ""]
        }
        return lines.dropLast().joined(separator: "\n") + "\n"
    }
}
