import Iomem
import Machine
import Ownership
import Policy

/// The policies that a fix may apply, the gentlest first; one that can't be read is left out.
private let policiesOfFixes = ["cxl", "hmem", "reload"]

/// The findings of `machine`, with fixes by the policies of this host, and runs that were interrupted.
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
