import Machine
import Ownership
import Testing

@Suite("docs/kernel-rules.md")
struct RuleBookTests {
    @Test("says what the rules say")
    func isCurrent() throws {
        var lines = [
            "# The kernel's rules", "",
            "Made by `make docs` from the rules in `Sources/Ownership`; `daxswitch explain ID` prints one of them. A rule names",
            "where it is known from: a kernel file and function, or the maintainers' mail, and whether it was seen on a booted kernel.",
            "",
        ]
        for rule in Rule.all {
            let kernels = Generation.allCases.filter { rule.holds(for: $0) }.map { "`\($0.rawValue)`" }
            lines += [
                "## \(rule.id)", "", rule.statement, "", "- Kernels: \(kernels.joined(separator: ", "))",
                "- Source: \(rule.source)", "",
            ]
        }
        try GeneratedDocument(name: "kernel-rules.md", text: lines.dropLast().joined(separator: "\n") + "\n").check()
    }
}
