import Foundation
import Referee
import Testing

extension Ended {
    /// Holds a run that ended well against the files of the machine in `root`: whatever is called done, nothing to do or a
    /// match is so there.
    ///
    /// - Parameter directory: What a path begins at where it is not of the machine.
    func checkByReferee(_ arguments: [String], root: String, in directory: String = "") throws {
        guard status == 0, !arguments.contains("--dry-run"), let command = arguments.first else { return }
        let subject = arguments.dropFirst().first { !$0.hasPrefix("-") } ?? ""
        let record = KernelRecord(root: root)
        let problems: [String]
        switch command {
        case "apply", "verify":
            // In a jail a path begins at the root of the machine.
            let file = [root + subject, subject, "\(directory)/\(subject)"].first {
                FileManager.default.fileExists(atPath: $0)
            }
            if ["cxl", "hmem"].contains(subject) {
                problems = record.problems(withPolicy: subject)
            } else if let file, file.hasSuffix(".json") {
                problems = record.problems(
                    with: try Claim(plan: try String(contentsOf: URL(fileURLWithPath: file), encoding: .utf8))
                )
            } else {
                return
            }
        case "persist":
            let text = record.text("/etc/modprobe.d/01-daxswitch.conf")
            let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            let wanted =
                switch subject {
                case "hmem": ["softdep cxl_acpi pre:", "install cxl_acpi /bin/false"]
                case "cxl": ["softdep dax_hmem pre: cxl_pmem cxl_acpi cxl_pci cxl_mem"]
                default: [String]()
                }
            guard subject.isEmpty || !wanted.isEmpty else { return }
            problems = lines.map(String.init) == wanted ? [] : ["the file for modprobe has \(lines)"]
        default: return
        }
        if !problems.isEmpty {
            Issue.record("the referee: \(arguments) ended 0, but \(problems.joined(separator: "; "))")
        }
    }
}
