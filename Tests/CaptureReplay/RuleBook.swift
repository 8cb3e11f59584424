internal import Machine
internal import Ownership

/// The kernel's rules as a document.
package enum RuleBook {
    /// The text of docs/kernel-rules.md.
    package static var text: String {
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
        return lines.dropLast().joined(separator: "\n") + "\n"
    }
}
