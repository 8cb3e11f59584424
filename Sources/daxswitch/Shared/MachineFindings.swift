import Iomem
import Machine
import Ownership
import Policy

/// The policies that a fix may apply, the gentlest first; one that can't be read is left out.
private let policiesOfFixes = ["cxl", "hmem", "reload"]

/// The findings of `machine`, with fixes that the policies of this host can bring, and what was cut off there.
func machineFindings(of machine: MachineState, unfinished: [UnfinishedWork] = []) -> [Finding] {
    let found = findings(of: machine) {
        let library = PolicyLibrary()
        return policiesOfFixes.compactMap { try? library.find($0).policy }
    }
    let graver = found.prefix { $0.severity < .failure }
    return graver + unfinished.findings + found.dropFirst(graver.count)
}

/// The findings in a document.
func findingMembers(_ findings: [Finding]) -> JSONValue {
    .list(
        findings.map { finding in
            [
                "id": .text(finding.id.rawValue), "severity": .text(finding.severity.rawValue),
                "subject": .text(finding.subject), "what": .text(finding.what), "evidence": JSONValue(finding.evidence),
                "fix": .text(finding.fix),
            ]
        }
    )
}

/// One line of health, then each finding with its fix; with `showsEvidence` also where it was seen.
func findingsText(_ findings: [Finding], of machine: MachineState, style: Style, showsEvidence: Bool) -> [Line] {
    var lines = [healthLine(findings, machine, style)]
    for finding in findings {
        let mark = "\(finding.id.rawValue) (\(finding.severity.rawValue))"
        lines.append(
            "  " + (finding.severity == .notice ? style.careful("\(mark)") : style.bad("\(mark)"))
                + ": \(finding.subject)"
        )
        lines += wrapped(finding.what, indent: 4)
        if showsEvidence { lines += finding.evidence.flatMap { wrapped($0, indent: 6) }.map(style.faint) }
        lines += wrapped("Fix: \(finding.fix).", indent: 4)
    }
    return lines
}

private func healthLine(_ findings: [Finding], _ machine: MachineState, _ style: Style) -> Line {
    let count = counted(findings.count, "finding")
    switch Health(findings, of: machine) {
    case .attention where findings.isEmpty:
        return style.careful("Attention: nothing is wrong as far as the material tells; who owns memory is not known")
    case .broken: return style.bad("Broken: \(count)")
    case .attention: return style.careful("Attention: \(count)")
    case .ok where machine.lacks(.daxDevices):
        return style.careful("Nothing wrong as far as the material tells; it does not have the dax devices")
    case .ok: return style.good("\(machine.whyNothingToDecide.map { "OK: nothing to decide: \($0)" } ?? "OK")")
    }
}

extension MachineState {
    /// Why no driver can own anything here; nil where one can.
    var whyNothingToDecide: String? {
        guard softReserved.isEmpty, !regions.contains(where: { $0.mode == "ram" && $0.range != nil }) else {
            return nil
        }
        return windows.isEmpty
            ? "this machine has no CXL window and no Soft Reserved memory" : "this machine has no Soft Reserved memory"
    }
}
