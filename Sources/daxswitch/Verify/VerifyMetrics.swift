import Iomem
import LinuxSystem
import Machine
import Ownership

/// What `verify --prometheus` writes: the text format of Prometheus, for the textfile collector of node_exporter.
///
/// - Parameters:
///   - subject: The policy's name, or the plan's file.
///   - time: Seconds since 1970.
func verifyMetrics(_ differences: [Difference], machine: MachineState, subject: String, time: Int) -> String {
    let label = "subject=\"\(labelValue(subject))\""
    let ranges = ownedRanges(of: machine).filter { !$0.isBeyondMemory }
    let kinds = Difference.Kind.allCases.map { kind in
        ("\(label),kind=\"\(kind.rawValue)\"", UInt64(differences.count { $0.kind == kind }))
    }
    let owners = Owner.allCases.map { owner in
        let owned = ranges.filter { $0.isOwnerKnown && $0.owner == owner }
        return ("\(label),owner=\"\(owner.rawValue)\"", owned.map(\.range).totalSize)
    }
    return family(
        "daxswitch_verify_matches",
        "Whether the machine matches the policy or plan.",
        [(label, differences.isEmpty ? 1 : 0)]
    )
        + family("daxswitch_differences", "Differences between the machine and the policy or plan.", kinds)
        + family("daxswitch_range_bytes", "Soft Reserved memory and CXL regions by the driver that owns them.", owners)
        + family(
            "daxswitch_last_run_timestamp_seconds",
            "When daxswitch verify last wrote this file.",
            [(label, UInt64(max(0, time)))]
        )
}

private func family(_ name: String, _ help: String, _ samples: [(labels: String, value: UInt64)]) -> String {
    "# HELP \(name) \(help)\n# TYPE \(name) gauge\n"
        + samples.map { "\(name){\($0.labels)} \($0.value)\n" }.joined()
}

/// A label's value: control characters are made visible, then backslash, quote and line end are escaped.
private func labelValue(_ text: String) -> String {
    text.escaped(keepsLines: true).unicodeScalars.reduce(into: "") { value, scalar in
        switch scalar {
        case "\\": value += "\\\\"
        case "\"": value += "\\\""
        case "\n": value += "\\n"
        default: value.unicodeScalars.append(scalar)
        }
    }
}
