/// How good the predictions are, kernel by kernel and scenario by scenario.
package struct AccuracyTable {
    private var rows: [String] = []
    package private(set) var pairs = 0
    package private(set) var right = 0
    package private(set) var certain = 0

    package init(_ scenarios: [ReplayedScenario]) {
        for scenario in scenarios { add(scenario) }
    }

    private mutating func add(_ scenario: ReplayedScenario) {
        let count = scenario.verdicts.count
        let rightHere = scenario.verdicts.count(where: \.isRight)
        let certainHere = scenario.verdicts.count(where: \.isCertain)
        rows.append("| \(scenario.kernel) | \(scenario.name) | \(count) | \(rightHere) | \(certainHere) |")
        pairs += count
        right += rightHere
        certain += certainHere
    }

    /// The text of docs/prediction-accuracy.md.
    package var text: String {
        let head = """
            # How good the predictions are

            Made by `make docs`: every recorded machine in `Tests/Captures`, each pair of moments up to four apart, whose
            commands the model knows. *Right*: the prediction's set of owners contains what the kernel did, for every range.
            *Certain*: the set has one owner for every range; then the predicted lines of `/proc/iomem` equal the recorded
            ones. What is not certain names the fact that is missing.

            A region that a person made again is the step `restore-region:NAME`, with the layout that an earlier moment shows.

            | kernel | scenario | pairs | right | certain |
            |---|---|---|---|---|

            """
        return head + (rows + ["| all | | \(pairs) | \(right) | \(certain) |"]).joined(separator: "\n") + "\n"
    }
}
