import Iomem
import LinuxSystem
import Machine
import Ownership
import SavedPlan

extension ReportContent {
    /// The report that `source` gives: the plan first if there is one, then the machine, and how all of it was found.
    init(_ source: ReportSource) {
        let machine = source.status.map { MachineReport($0, plan: source.plan) }
        let plan = source.plan.map { PlanReport($0, on: source.machine, wayBack: source.wayBack) }
        subject =
            source.host.name ?? source.root?.shortName ?? "a host without a name"
        let stale =
            source.changes.isEmpty
            ? nil : Verdict(tone: .bad, text: "Out of date: the plan no longer fits. Plan again.")
        verdict = stale ?? plan?.verdict ?? machine?.verdict ?? Verdict(tone: .plain, text: "Nothing was read")
        facts = [Fact("Host", source.host.name ?? "not recorded"), Fact("Kernel", Self.kernel(source))]
        if let plan { facts.append(Fact("Asked for", plan.request)) }
        if let machine, plan != nil { facts.append(Fact("Machine now", machine.verdict.text)) }
        facts.append(Fact("Made", source.madeAt))
        sections = Self.map(source) + (plan?.sections ?? []) + (machine?.sections ?? [])
        if !source.changes.isEmpty {
            let stale = Section(
                "changed",
                "Changed since the plan",
                [
                    .paragraph(
                        "The saved plan no longer fits this machine, and `daxswitch apply` refuses it. Plan again."
                    ),
                    .list(source.changes),
                ]
            )
            sections.insert(stale, at: 0)
        }
        sections.append(Section("made", "How this report was made", Self.making(source)))
    }

    /// The map of the machine with its findings, before and after a plan.
    private static func map(_ source: ReportSource) -> [Section] {
        guard let status = source.status else { return [] }
        let findings = status.findings
        let picture = MapPicture(status.machine, marks: findings.map(MapMark.init), prediction: source.plan?.prediction)
        let style = Style(hasColour: false, isUTF8: true)
        let text = MapText(
            status.machine,
            marks: findings.map(MapMark.init),
            prediction: source.plan?.prediction,
            style: style
        )
        let caption = findings.isEmpty ? "" : " The numbers are those of the findings."
        return [
            Section(
                "map",
                "Map",
                [
                    .figure(
                        svg: picture.svg(title: pictureTitle(status.machine, source.plan), hasStyle: false),
                        caption: "Each bar is a CXL window, or what is outside of them, to scale.\(caption)",
                        lines: text.lines().map(\.text)
                    )
                ]
            )
        ]
    }

    private static func kernel(_ source: ReportSource) -> String {
        let rules = source.status?.machine.kernel.generation.value?.rawValue ?? source.plan?.rules
        return "\(source.machine.kernel.release) (\(rules ?? "unknown rules"))"
    }

    private static func making(_ source: ReportSource) -> [Block] {
        var facts = [
            Fact("Program", "daxswitch \(Daxswitch.version)"), Fact("Command", "`\(source.command)`"),
            Fact("Time", source.madeAt),
        ]
        if let root = source.root { facts.append(Fact("Material", root.isRunning ? "the running machine" : root.path)) }
        if let file = source.planFile, let plan = source.plan {
            facts.append(Fact("Plan file", "`\(file)`, digest \(plan.documentDigest)"))
            if let time = plan.madeAt { facts.append(Fact("Plan made", time)) }
        }
        facts.append(
            Fact(
                "Redaction",
                source.isRedacted || source.host.name == Redaction.host
                    ? "the host's name and the ids of machine and boot are replaced; physical addresses are not"
                    : "none: the report contains the host's name and physical addresses"
            )
        )
        return [.facts(facts)] + material(source.machine.material)
    }

    private static func material(_ material: MaterialReport) -> [Block] {
        var blocks: [Block] = []
        if let words = material.unrecordedWords {
            blocks.append(.paragraph("Not known, because \(words)."))
        }
        if !material.notUnderstood.isEmpty {
            blocks += [
                .paragraph("Not understood:"),
                .lines(Array(material.notUnderstood.prefix(linesAtMost).map(\.description))),
            ]
            let rest = material.notUnderstood.count - linesAtMost
            if rest > 0 { blocks.append(.paragraph("\(rest) more lines were not understood.")) }
        }
        if !material.oddities.isEmpty { blocks += [.paragraph("Odd:"), .list(material.oddities)] }
        return blocks
    }

    /// Lines that were not understood, of which a text that is no capture can have any number.
    private static let linesAtMost = 50
}

extension MachineRoot {
    /// What a person calls it: the last part of its path.
    fileprivate var shortName: String { isRunning ? "this host" : path.parts(at: "/").last.map(String.init) ?? path }
}
