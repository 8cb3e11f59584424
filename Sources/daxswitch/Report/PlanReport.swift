import Iomem
import Machine
import Ownership

/// The part of a report about a plan.
struct PlanReport {
    private let plan: Plan
    private let machine: MachineState
    private let wayBack: WayBack?

    /// - Parameter machine: The one that the plan was made for.
    init(_ plan: Plan, on machine: MachineState, wayBack: WayBack?) {
        self.plan = plan
        self.machine = machine
        self.wayBack = wayBack
    }

    /// What the plan comes to, in a line.
    var verdict: ReportContent.Verdict {
        let line = verdictText(plan, machine, Style(hasColour: false)).map(\.text).joined(separator: " ")
        let tone: ReportContent.Tone =
            switch plan.verdict {
            case .nothingToDo: faultCount(of: machine) == 0 ? .good : .careful
            case .safe: .good
            case .accepted, .uncertain: .careful
            case .refused: .bad
            }
        return ReportContent.Verdict(tone: tone, text: line)
    }

    /// What was asked for.
    var request: String {
        let options = plan.request.optionWords
        return
            (plan.policy.map { "policy \($0.name): \($0.summary)" }
            ?? plan.request.order.map(\.description).joined(separator: ", "))
            + (options.isEmpty ? "" : " With `\(options)`.")
    }

    var sections: [ReportContent.Section] {
        var sections: [ReportContent.Section] = []
        if !plan.hazards.isEmpty {
            let notices = plan.hazards.grouped.map {
                ReportContent.Block.notice(.init($0.cause, $0.consequences, accepted: plan.request.accepted))
            }
            sections.append(ReportContent.Section("hazards", "Hazards", notices))
        }
        sections += [
            ReportContent.Section("change", "Owners before and after", owners),
            ReportContent.Section("steps", "Steps", steps),
        ]
        if !plan.isEmpty { sections.append(ReportContent.Section("back", "The way back", back)) }
        return sections
    }

    private var owners: [ReportContent.Block] {
        let ranges = plan.prediction.ranges
        if ranges.isEmpty { return [.paragraph("This machine has no Soft Reserved memory and no ram region.")] }
        let rows = ranges.map { range -> [ReportContent.Cell] in
            let now = range.ownerNow?.rawValue ?? "unknown"
            let after = range.owners.sorted().map(\.rawValue).joined(separator: " or ")
            let tone: ReportContent.Tone = range.owners.count > 1 || after != now ? .careful : .plain
            let rules = range.rules.isEmpty ? "" : " [\(range.rules.joined(separator: ", "))]"
            return [
                "\(range.range)", "\(sizeText(range.range.size))", "\(now)", ReportContent.Cell(after, tone),
                "\(range.through ?? "")", "\(range.why + rules)",
            ]
        }
        var blocks: [ReportContent.Block] = [
            .table(
                ReportContent.Table(
                    caption: "Who owns each range before and after the plan",
                    columns: [
                        .init("Addresses", isCode: true), .init("Size", isNumber: true), .init("Before"),
                        .init("After"),
                        .init("Through", isCode: true), .init("Why"),
                    ],
                    rows: rows
                )
            )
        ]
        if !plan.prediction.missingFacts.isEmpty {
            blocks += [.paragraph("Not certain, because:"), .list(plan.prediction.missingFacts)]
        }
        return blocks
    }

    private var steps: [ReportContent.Block] {
        if plan.isEmpty { return [.paragraph("Nothing is to be done.")] }
        let steps = plan.steps.map { ReportContent.Step(sentence: stepText($0, on: machine), word: $0.description) }
        return [.steps(steps)] + (plan.notes.isEmpty ? [] : [.list(plan.notes)])
    }

    private var back: [ReportContent.Block] {
        let failure = ReportContent.Block.paragraph(
            "If a step fails, `daxswitch apply` rolls back if the way is certain; otherwise it stops, and "
                + "`daxswitch recover` finishes or undoes the run."
        )
        switch wayBack {
        case .unneeded:
            return [failure, .paragraph("The plan changes no owner, so no way back is needed.")]
        case .policy(let name):
            return [failure, .paragraph("After the plan, `daxswitch apply \(name)` restores the present owners.")]
        case .steps(let steps):
            return [
                failure,
                .paragraph(
                    "After the plan, these steps restore the present owners; no policy has them:"
                ),
                .steps(steps.map { ReportContent.Step(sentence: stepText($0, on: machine), word: $0.description) }),
            ]
        case .uncertain(let why):
            let refusal = plan.openHazards.isEmpty ? "" : "The plan is refused, so nothing is changed. "
            return [
                failure, .paragraph("\(refusal)After the plan, no way back is certain without a reboot: \(why)."),
            ]
        case nil: return [failure]
        }
    }
}
