import Machine
import Ownership
import Persistence
import SavedPlan

/// How a `persist` went.
struct PersistReport {
    /// The end it came to; the raw value is the word in the document.
    enum Outcome: String {
        /// Written, or removed.
        case done
        /// It was so already.
        case nothingToDo = "nothing-to-do"
        /// Nothing was changed, for a reason that is named.
        case refused
        /// It failed; the files are as before.
        case failed
        /// `--dry-run`.
        case dryRun = "dry-run"
    }

    var policy: String?
    /// What is to hold; nil is nothing.
    var choice: BootChoice?
    var outcome = Outcome.failed
    var isChanged = false
    /// It is so already.
    var isEmpty = false
    var changes: [BootPlan.Change] = []
    var hazards: [Hazard] = []
    var builder: InitramfsBuilder?
    /// The images of the initramfs that don't have, or were not seen to have, what is in the files.
    var pendingImages: [String] = []
    var isRebuilt = false
    /// What to put on the kernel command line instead.
    var commandLine: String?
    var error: Failure?

    /// The option that makes it hold already where files don't last.
    var commandLineInForce: String?

    /// Nothing was done, because of an error, or not all of it could be taken back.
    mutating func fail(_ error: any Error) {
        let failure = Failure(error)
        self.error = failure
        let code = (error as? PersistenceError)?.code
        isChanged = code == .halfRebuilt || code == .halfDone
        outcome = failure.status == .failed || failure.status == .stopped ? .failed : .refused
    }

    /// How the process ends.
    var status: ExitStatus {
        if let error { return error.status }
        switch outcome {
        case .done, .nothingToDo: return .done
        case .dryRun: return hazards.isEmpty ? .done : .refused
        case .refused: return .refused
        case .failed: return .failed
        }
    }
}

/// `persist --json`.
func persistDocument(_ report: PersistReport) -> JSONValue {
    document(
        "persist",
        [
            "policy": JSONValue(report.policy), "choice": JSONValue(report.choice?.rawValue),
            "changed": .bool(report.isChanged), "outcome": .text(report.outcome.rawValue),
            "files": .list(
                report.changes.map { change in
                    [
                        "path": .text(change.path), "action": .text(change.action.rawValue),
                        "text": JSONValue(change.text),
                    ]
                }
            ),
            "initramfs": [
                "builder": JSONValue(report.builder?.rawValue), "command": JSONValue(report.builder?.command ?? []),
                "pending_images": JSONValue(report.pendingImages),
                "stale": .bool(!report.pendingImages.isEmpty), "rebuilt": .bool(report.isRebuilt),
            ],
            "kernel_command_line": JSONValue(report.commandLine),
            "hazards": .form(report.hazards.groups), "error": report.error.map(errorMember) ?? .null,
        ]
    )
}

/// What is persisted, in `status --json`.
func nextBootMembers(_ machine: MachineState, _ pendingImages: [String]?) -> JSONValue {
    [
        "pending_images": pendingImages.map { JSONValue($0) } ?? .null,
        "persisted": JSONValue(machine.persisted?.rawValue),
        "differs": JSONValue(NextBoot(of: machine).differs),
    ]
}

/// What `persist` is going to do, for people, before it is done.
func persistPlanText(_ report: PersistReport, rebuilds: Bool, style: Style) -> [Line] {
    var lines = [style.strong("Next boot") + "  \(nextBootText(report.choice))"]
    if let option = report.commandLineInForce {
        return lines + ["", style.strong("Kernel command line") + "  \(option) is on it", ""]
    }
    for change in report.changes where change.action != .keep {
        lines += ["", "  \(change.action.rawValue) \(change.path)"]
        lines += (change.text ?? "").split(separator: "\n").map { style.faint("    | \($0)") }
    }
    lines += ["", style.strong("Initramfs") + "  \(initramfsText(report, rebuilds: rebuilds))"]
    if !report.hazards.isEmpty { lines += [""] + hazardsText(report.hazards, style) }
    return lines + [""]
}

private func initramfsText(_ report: PersistReport, rebuilds: Bool) -> String {
    guard let builder = report.builder else {
        return "neither initramfs-tools nor dracut is here: rebuild it in your own way where it has CXL or dax modules"
    }
    let command = builder.command.joined(separator: " ")
    if rebuilds { return "\(builder.rawValue): \(command)" }
    let isNeeded = !report.pendingImages.isEmpty || report.changes.contains { $0.action != .keep }
    return isNeeded ? "\(builder.rawValue): run \(command) afterwards (--update-initramfs does)" : builder.rawValue
}

/// The end of a `persist` for people.
func persistText(_ report: PersistReport, style: Style) -> [Line] {
    let pending = report.error == nil ? pendingImagesText(report.pendingImages, report.builder) : []
    let isNothing = report.outcome == .nothingToDo || report.outcome == .dryRun && report.isEmpty
    return switch report.outcome {
    case .done where !pending.isEmpty:
        [
            style.careful(
                report.choice == nil ? "Removed, but not from the initramfs." : "Written, but not in the initramfs."
            )
        ]
            + pending
    case _ where isNothing && !pending.isEmpty:
        [style.careful("Nothing to write, but the initramfs is not up to date.")] + pending
    case .done: [style.good(report.choice == nil ? "Taken back." : "Written; it holds from the next boot on.")]
    case _ where isNothing: [style.good("Nothing to do.")]
    case .nothingToDo, .dryRun: [report.hazards.isEmpty ? "This would be done." : style.bad("This would be refused.")]
    case .refused:
        // Without a hazard the error says why; with one, it came before anything was shown.
        if report.error == nil {
            [style.bad("Refused because of what is shown above; nothing was changed.")]
        } else {
            report.hazards.isEmpty ? [] : hazardsText(report.hazards, style)
        }
    case .failed where report.status == .stopped: [style.bad("Stopped half-way; the journal is kept.")]
    case .failed where report.isChanged: [style.bad("Failed; the files are as before, an initramfs is not.")]
    case .failed: [style.bad("Failed; nothing was changed.")]
    }
}

/// The images that don't have what is in the files for the next boot, and what to do about it.
func pendingImagesText(_ images: [String], _ builder: InitramfsBuilder?) -> [Line] {
    guard !images.isEmpty else { return [] }
    let command = builder.map { "run \($0.command.joined(separator: " "))" } ?? "build it again"
    return wrapped(
        "The next boot may be as before: it is not yet in the initramfs \(images.joined(separator: ", ")). Fix: \(command), "
            + "then daxswitch status.",
        indent: 2
    )
}

/// What a choice means.
func nextBootText(_ choice: BootChoice?) -> String {
    switch choice {
    case .hmem: "hmem: dax_hmem owns every Soft Reserved range, cxl_acpi is never loaded"
    case .cxl: "cxl: the CXL drivers own what a region covers, dax_hmem comes after them"
    case nil: "nothing is persisted: as the kernel decides"
    }
}
