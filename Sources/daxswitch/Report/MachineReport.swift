import Iomem
import Machine
import Ownership

/// The part of a report about a machine as it is now.
struct MachineReport {
    private let status: MachineStatus
    private let plan: Plan?
    private var machine: MachineState { status.machine }
    private let owned: [OwnedRange]

    /// - Parameter plan: What its modules are predicted to be is put beside what they are.
    init(_ status: MachineStatus, plan: Plan?) {
        self.status = status
        self.plan = plan
        owned = ownedRanges(of: status.machine)
    }

    /// How the machine is, in a line.
    var verdict: ReportContent.Verdict {
        let line = healthText(status.findings, of: machine, Style(hasColour: false)).map(\.text).joined()
        let tone: ReportContent.Tone =
            switch status.health {
            case .ok: .good
            case .attention: .careful
            case .broken: .bad
            }
        return ReportContent.Verdict(tone: tone, text: line)
    }

    var sections: [ReportContent.Section] {
        [
            ReportContent.Section("findings", "Findings", findings),
            ReportContent.Section("owners", "Owners now", owners),
            ReportContent.Section("devices", "CXL windows and regions", devices),
            ReportContent.Section("modules", "Modules", modules),
            ReportContent.Section("kernel", "Kernel and next boot", kernel),
        ]
    }

    private var findings: [ReportContent.Block] {
        let work = status.unfinished.lines(Style(hasColour: false)).map(\.text).joined(separator: " ")
        let notes: [ReportContent.Block] = work.isEmpty ? [] : [.paragraph(work)]
        if status.findings.isEmpty { return notes + [.paragraph("No finding.")] }
        return notes
            + status.findings.enumerated().map { index, finding in
                .notice(
                    ReportContent.Notice(
                        tone: finding.severity == .notice ? .careful : .bad,
                        number: index + 1,
                        id: finding.id.rawValue,
                        severity: finding.severity.rawValue,
                        subject: finding.subject,
                        what: finding.what,
                        evidence: finding.evidence,
                        fix: finding.fix + "."
                    )
                )
            }
            + presentHazards(of: machine).grouped.map { .notice(ReportContent.Notice($0.cause, $0.consequences)) }
    }

    private var owners: [ReportContent.Block] {
        if owned.isEmpty { return [.paragraph("This machine has no Soft Reserved memory and no ram region.")] }
        let rows = owned.map { range -> [ReportContent.Cell] in
            [
                "\(range.range)", "\(sizeText(range.range.size))",
                ReportContent.Cell(range.ownerWord, range.isOwnerKnown && range.owner != .none ? .plain : .careful),
                "\(range.device ?? "")", "\(range.through ?? "")", "\(use(range))",
            ]
        }
        return [
            .table(
                ReportContent.Table(
                    caption: "Who owns each range",
                    columns: [
                        .init("Addresses", isCode: true), .init("Size", isNumber: true), .init("Owner"),
                        .init("Device", isCode: true), .init("Through", isCode: true), .init("Use"),
                    ],
                    rows: rows
                )
            )
        ]
    }

    private func use(_ range: OwnedRange) -> String {
        guard range.useIsKnown else { return "not recorded" }
        let blocks = onlineText(range)
        return range.use.rawValue + (blocks.isEmpty || blocks == "-" ? "" : ", blocks online: \(blocks)")
            + memoryNote(range)
    }

    private var devices: [ReportContent.Block] {
        let windows = machine.windows.map { window -> [ReportContent.Cell] in
            [
                "\(window.range)", "\(sizeText(window.range.size))",
                "\(window.number.map { "CXL Window \($0)" } ?? "")",
                "\(windowState(window, machine))\(window.isFixed ? ", fixed" : "")",
                "\(window.sources.joined(separator: ", "))",
            ]
        }
        let regions = machine.regions.map { region -> [ReportContent.Cell] in
            [
                "\(region.range?.description ?? "")", "\(region.range.map { sizeText($0.size) } ?? "")",
                "\(region.name)",
                "\(region.mode)", "\(regionState(region, machine))",
            ]
        }
        let reserved = machine.softReserved.map { range -> [ReportContent.Cell] in
            ["\(range.range)", "\(sizeText(range.range.size))", "\(range.sources.joined(separator: ", "))"]
        }
        let address = ReportContent.Table.Column("Addresses", isCode: true)
        let size = ReportContent.Table.Column("Size", isNumber: true)
        return table("CXL windows", [address, size, .init("Name"), .init("State"), .init("Found in")], windows)
            + table(
                "CXL regions",
                [address, size, .init("Name", isCode: true), .init("Mode"), .init("State")],
                regions
            )
            + table("Soft Reserved memory", [address, size, .init("Found in")], reserved)
    }

    private func table(
        _ caption: String,
        _ columns: [ReportContent.Table.Column],
        _ rows: [[ReportContent.Cell]]
    ) -> [ReportContent.Block] {
        rows.isEmpty
            ? [.paragraph("\(caption): none.")]
            : [.table(ReportContent.Table(caption: caption, columns: columns, rows: rows))]
    }

    private var modules: [ReportContent.Block] {
        let predicted = plan?.isEmpty == false ? plan?.prediction.modules : nil
        let rows = modulesOfInterest.map { name -> [ReportContent.Cell] in
            let now = machine.modules.state(of: name)
            guard let predicted else { return ["\(name)", "\(now.words)"] }
            let after = predicted[name].map { $0.map(\.words).sorted().joined(separator: " or ") } ?? now.words
            return ["\(name)", "\(now.words)", ReportContent.Cell(after, after == now.words ? .plain : .careful)]
        }
        let columns: [ReportContent.Table.Column] = [.init("Module", isCode: true), .init("Now")]
        return [
            .table(
                ReportContent.Table(
                    caption: "State of the modules",
                    columns: columns + (predicted == nil ? [] : [.init("After the plan")]),
                    rows: rows
                )
            )
        ]
    }

    private var kernel: [ReportContent.Block] {
        var facts = [
            ReportContent.Fact("Release", machine.kernel.release),
            ReportContent.Fact("Rules", machine.kernel.generation.value?.rawValue ?? "unknown"),
        ]
        var evidence = machine.kernel.generation.evidence
        switch machine.kernel.generation.value {
        case .coordinated, .unfixed:
            facts.append(ReportContent.Fact("Initial probe", machine.initialProbe.value.rawValue))
            evidence += machine.initialProbe.evidence
        case .allOrNothing:
            facts.append(ReportContent.Fact("CXL mode", machine.daxCxlMode.value?.rawValue ?? "unknown"))
            evidence += machine.daxCxlMode.evidence
        case .hmemOnly, .deferring, nil: break
        }
        if !parameters.isEmpty { facts.append(ReportContent.Fact("Parameters", parameters)) }
        facts.append(ReportContent.Fact("Hold", machine.isHeld ? "cxl_acpi is kept out" : machine.holdGap ?? "none"))
        facts.append(ReportContent.Fact("Next boot", nextBootText(machine.persisted)))
        let pending = (pendingEntriesText(machine) + pendingImagesText(status.pendingImages ?? [], nil)).map(\.text)
        return [.facts(facts)] + (pending.isEmpty ? [] : [.paragraph(pending.joined(separator: " "))])
            + (evidence.isEmpty ? [] : [.paragraph("Evidence:"), .lines(evidence)])
    }

    /// The parameters of the kernel that bear on who owns memory.
    private var parameters: String {
        machine.kernel.commandLine.ownershipParameters.map(\.text).joined(separator: " ")
    }
}

extension ReportContent.Notice {
    /// A hazard with what follows from it.
    ///
    /// - Parameter accepted: The kinds that were accepted.
    init(_ hazard: Hazard, _ consequences: [Hazard], accepted: Set<Hazard.Identifier> = []) {
        func severity(_ hazard: Hazard) -> String {
            hazard.severity.rawValue + (accepted.contains(hazard.id) ? ", accepted" : "")
        }
        self.init(
            tone: accepted.contains(hazard.id) ? .careful : .bad,
            id: hazard.id.rawValue,
            severity: severity(hazard),
            subject: hazard.subject,
            what: hazard.why + ".",
            consequences: consequences.map { one in
                "\(one.id == hazard.id ? "also" : "leads to") \(one.id.rawValue) (\(severity(one))): \(one.why)"
            },
            fix: hazard.fix + "."
        )
    }
}
