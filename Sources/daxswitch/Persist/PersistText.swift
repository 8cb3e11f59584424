import Machine
import Ownership
import Persistence

/// What `persist` is going to do, for people, before it is done.
func persistPlanText(_ report: PersistReport, rebuilds: Bool, style: Style) -> [String] {
    var lines = [style.strong("Next boot") + "  \(nextBootText(report.choice))"]
    if let option = report.commandLineInForce {
        return lines + ["", style.strong("Kernel command line") + "  \(option) is on it", ""]
    }
    for change in report.changes where change.action != .keep {
        lines += ["", "  \(change.action.rawValue) \(change.path)"]
        lines += (change.text ?? "").split(separator: "\n").map { style.faint("    | \($0)") }
    }
    lines += ["", style.strong("Initramfs") + "  " + initramfsText(report, rebuilds: rebuilds)]
    if !report.hazards.isEmpty { lines += [""] + hazardsText(report.hazards, style) }
    return lines + [""]
}

private func initramfsText(_ report: PersistReport, rebuilds: Bool) -> String {
    guard let builder = report.builder else {
        return "neither initramfs-tools nor dracut is here: rebuild it in your own way where it has CXL or dax modules"
    }
    let command = builder.command.joined(separator: " ")
    if rebuilds { return "\(builder.rawValue): \(command)" }
    let isNeeded = report.isInitramfsStale || report.changes.contains { $0.action != .keep }
    return isNeeded ? "\(builder.rawValue): run \(command) afterwards (--update-initramfs does)" : builder.rawValue
}

/// The end of a `persist` for people.
func persistText(_ report: PersistReport, style: Style) -> [String] {
    switch report.outcome {
    case .done: [style.good(report.choice == nil ? "Taken back." : "Written; it holds from the next boot on.")]
    case .nothingToDo: [style.good("Nothing to do.")]
    case .dryRun: [report.hazards.isEmpty ? "This would be done." : style.bad("This would be refused.")]
    case .refused:
        // Without a hazard the error says why; with one, it came before anything was shown.
        if report.error == nil {
            [style.bad("Refused because of what is shown above; nothing was changed.")]
        } else {
            report.hazards.isEmpty ? [] : hazardsText(report.hazards, style)
        }
    case .failed where report.isChanged: [style.bad("Failed; the files are as before, an initramfs is not.")]
    case .failed: [style.bad("Failed; nothing was changed.")]
    }
}

/// What a choice means.
func nextBootText(_ choice: BootChoice?) -> String {
    switch choice {
    case .hmem: "hmem: dax_hmem owns every Soft Reserved range, cxl_acpi is never loaded"
    case .cxl: "cxl: the CXL drivers own what a region covers, dax_hmem comes after them"
    case nil: "nothing is persisted: as the kernel decides"
    }
}
