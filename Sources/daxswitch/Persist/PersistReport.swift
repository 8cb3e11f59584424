import Machine
import Ownership
import Persistence
import SavedPlan

/// How a `persist` went.
struct PersistReport {
    /// The end it came to; the raw value is the word in the document.
    enum Outcome: String, CaseIterable {
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
    /// What the boot loader must be told for it; nil where it has nothing to do with it.
    var bootLoader: BootLoaderChange?
    /// The files of the boot loader that are not as they must be.
    var pendingEntries: [String] = []
    /// No entry of it can be read, so nothing tells what it has.
    var bootLoaderIsUnseen = false
    /// It must be told, and the recording does not include which one there is.
    var bootLoaderIsUnrecorded = false
    /// This run has it told.
    var bootLoaderIsToChange = false
    var bootLoaderIsChanged = false
    /// `systemctl kexec` is enough for it.
    var canKexec = false
    /// What a recorded machine does not tell, in words.
    var unrecorded: [String] = []
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

    /// Whether the kernel command line must change.
    var needsParameter: Bool { bootLoader != nil || bootLoaderIsUnrecorded }

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
    let wanted = report.bootLoaderIsUnrecorded ? true : report.bootLoader?.isWanted
    return document(
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
            "boot_loader": [
                "name": JSONValue(report.bootLoader?.loader.rawValue),
                "parameter": JSONValue(report.needsParameter ? BootLoader.parameter : nil),
                "wanted": wanted.map { .bool($0) } ?? .null,
                "commands": .list((report.bootLoader?.commands ?? []).map { JSONValue($0) }),
                "pending_entries": JSONValue(report.pendingEntries), "changed": .bool(report.bootLoaderIsChanged),
            ],
            "unrecorded": JSONValue(report.unrecorded),
            "kexec_is_enough": .bool(report.canKexec),
            "kernel_command_line": JSONValue(report.commandLine),
            "hazards": .form(report.hazards.groups), "error": report.error.map(errorMember) ?? .null,
        ]
    )
}

/// What is persisted, in `status --json`.
func nextBootMembers(_ machine: MachineState, _ pendingImages: [String]?) -> JSONValue {
    [
        "pending_images": pendingImages.map { JSONValue($0) } ?? .null,
        "pending_entries": machine.pendingBootEntries.map { JSONValue($0) } ?? .null,
        "persisted": JSONValue(machine.persisted?.rawValue),
        "differs": JSONValue(NextBoot(of: machine).differs),
    ]
}

/// What `persist` is going to do, for people, before it is done.
func persistPlanText(_ report: PersistReport, rebuilds: Bool, style: Style) -> [Line] {
    let choice =
        report.bootLoaderIsUnrecorded
        ? "hmem: dax_hmem owns every Soft Reserved range, if the kernel command line also skips cxl_acpi (see Boot loader)"
        : nextBootText(report.choice)
    var lines = aligned([[style.strong("Next boot"), Line(choice)]])
    if let option = report.commandLineInForce {
        return lines + [""] + aligned([[style.strong("Kernel command line"), "already has \(option)"]]) + [""]
    }
    for change in report.changes where change.action != .keep {
        lines += ["", "  \(change.action.rawValue) \(change.path)"]
        lines += (change.text ?? "").split(separator: "\n").map { style.faint(Line(quoting: $0, after: "    | ")) }
    }
    var rows = [[style.strong("Initramfs"), Line(initramfsText(report, rebuilds: rebuilds))]]
    if let change = report.bootLoader {
        rows.append([style.strong("Boot loader"), Line(bootLoaderText(change, report))])
    }
    if report.bootLoaderIsUnrecorded {
        let words =
            "not recorded. cxl_acpi is built into the kernel, so hmem also needs \(BootLoader.parameter) on the kernel "
            + "command line: use --update-boot-loader on the host."
        rows.append([style.strong("Boot loader"), Line(words)])
    }
    lines += [""] + aligned(rows)
    if !report.unrecorded.isEmpty {
        lines += [""]
        lines += wrapped(
            "Not recorded: \(report.unrecorded.joined(separator: ", ")). Run persist on the host to see these.",
            indent: 0
        )
        .map(style.careful)
    }
    if !report.hazards.isEmpty { lines += [""] + hazardsText(report.hazards, style, Detail(allOption: "--json")) }
    return lines + [""]
}

private func bootLoaderText(_ change: BootLoaderChange, _ report: PersistReport) -> String {
    let what = "\(change.loader.rawValue): \(change.words)"
    if report.bootLoaderIsToChange { return what }
    let isNeeded = !report.pendingEntries.isEmpty || report.changes.contains { $0.action != .keep }
    return isNeeded ? "\(what) afterwards (or use --update-boot-loader)" : change.loader.rawValue
}

extension BootLoaderChange {
    /// What is done, as a person would do it.
    fileprivate var words: String {
        let edit =
            loader == .kernelInstall
            ? "\(isWanted ? "add" : "remove") \(BootLoader.parameter) in /etc/kernel/cmdline, " : ""
        return edit + "run " + commands.map { $0.map(shellWord(path:)).joined(separator: " ") }.joined(separator: "; ")
    }
}

private func initramfsText(_ report: PersistReport, rebuilds: Bool) -> String {
    guard let builder = report.builder else {
        if report.unrecorded.contains("the initramfs tool") { return "not recorded" }
        return
            "neither initramfs-tools nor dracut is installed. Rebuild the initramfs yourself if it has CXL or dax modules"
    }
    let command = builder.command.joined(separator: " ")
    if rebuilds { return "\(builder.rawValue): \(command)" }
    let isNeeded = !report.pendingImages.isEmpty || report.changes.contains { $0.action != .keep }
    return isNeeded ? "\(builder.rawValue): run \(command) afterwards (or use --update-initramfs)" : builder.rawValue
}

/// The end of a `persist` for people.
func persistText(_ report: PersistReport, style: Style) -> [Line] {
    let pending = report.error == nil ? pendingText(report) : []
    let isNothing = report.outcome == .nothingToDo || report.outcome == .dryRun && report.isEmpty
    let places = [
        report.pendingImages.isEmpty ? nil : "the initramfs", report.bootLoaderLacksIt ? "the boot loader" : nil,
    ]
    .compactMap { $0 }
    return switch report.outcome {
    case .done where !pending.isEmpty:
        [
            style.careful(
                report.choice == nil
                    ? "Removed from the files, but not yet from \(places.joined(separator: " and "))."
                    : "Written to the files, but not yet to \(places.joined(separator: " and "))."
            )
        ]
            + pending
    case _ where isNothing && !pending.isEmpty:
        [style.careful("The files are already written, but \(places.joined(separator: " and ")) is not up to date.")]
            + pending
    case .done:
        [style.good(report.choice == nil ? "Cleared." : "Written; it takes effect at the next boot.")]
            + kexecText(report)
    case _ where isNothing: [style.good("Nothing to do.")]
    case .nothingToDo, .dryRun: [report.hazards.isEmpty ? "This would be done." : style.bad("This would be refused.")]
    case .refused:
        // Without a hazard the error says why; with one, it came before anything was shown.
        if report.error == nil {
            [style.bad("Refused because of the hazards above; nothing was changed.")]
        } else {
            report.hazards.isEmpty ? [] : hazardsText(report.hazards, style, Detail(allOption: "--json"))
        }
    case .failed where report.status == .stopped: [style.bad("Stopped half-way; the journal is kept.")]
    case .failed where report.isChanged: [style.bad("Failed. The files are restored; an initramfs was not.")]
    case .failed: [style.bad("Failed; nothing was changed.")]
    }
}

extension PersistReport {
    /// The boot loader does not have, or was not seen to have, what it must have.
    fileprivate var bootLoaderLacksIt: Bool {
        guard bootLoader != nil, error == nil else { return false }
        return !pendingEntries.isEmpty || outcome == .done && !bootLoaderIsChanged && bootLoaderIsUnseen
    }
}

private func pendingText(_ report: PersistReport) -> [Line] {
    let images = pendingImagesText(report.pendingImages, report.builder)
    guard let change = report.bootLoader, report.bootLoaderLacksIt else { return images }
    let files =
        report.pendingEntries.isEmpty ? "the boot loader's entries" : report.pendingEntries.joined(separator: ", ")
    return images
        + wrapped(
            "The next boot may not change: \(BootLoader.parameter) is \(change.isWanted ? "not yet" : "still") in \(files). Fix: "
                + "\(change.words), then `daxswitch status`.",
            indent: 2
        )
}

/// The fast way to the next boot, if there is one.
private func kexecText(_ report: PersistReport) -> [Line] {
    guard report.canKexec else { return [] }
    return wrapped(
        "Reboot to use it. `systemctl kexec` is enough and skips the firmware: the decoders of all regions are "
            + "committed, and none was reset in this boot.",
        indent: 2
    )
}

/// The files of the boot loader that don't have what is persisted, and what to do about it.
func pendingEntriesText(_ machine: MachineState) -> [Line] {
    guard let files = machine.pendingBootEntries, !files.isEmpty, let choice = machine.persisted else { return [] }
    return wrapped(
        "The next boot may not change: \(BootLoader.parameter) is \(choice == .hmem ? "not yet in" : "still in") "
            + "\(files.joined(separator: ", ")). Fix: run `daxswitch persist \(choice.rawValue) --update-boot-loader`, then `daxswitch "
            + "status`.",
        indent: 2
    )
}

/// The images that don't have what is in the files for the next boot, and what to do about it.
func pendingImagesText(_ images: [String], _ builder: @autoclosure () -> InitramfsBuilder?) -> [Line] {
    guard !images.isEmpty else { return [] }
    let command = builder().map { "run \($0.command.joined(separator: " "))" } ?? "build it again"
    return wrapped(
        "The next boot may not change: the initramfs \(images.joined(separator: ", ")) is not up to date. Fix: \(command), "
            + "then `daxswitch status`.",
        indent: 2
    )
}

/// What a choice means.
func nextBootText(_ choice: BootChoice?) -> String {
    switch choice {
    case .hmem: "hmem: dax_hmem owns every Soft Reserved range; cxl_acpi is never loaded"
    case .cxl: "cxl: the CXL drivers own what a region covers; dax_hmem is loaded after them"
    case nil: "nothing persisted: the kernel's default"
    }
}
