import Machine
import Ownership
import Persistence

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
                "stale": .bool(report.isInitramfsStale), "rebuilt": .bool(report.isRebuilt),
            ],
            "kernel_command_line": JSONValue(report.commandLine),
            "hazards": hazardMembers(report.hazards), "error": report.error.map(errorMember) ?? .null,
        ]
    )
}

/// What is persisted, in `status --json`.
func nextBootMembers(_ machine: MachineState) -> JSONValue {
    [
        "persisted": JSONValue(machine.persisted?.rawValue),
        "differs": JSONValue(NextBoot(of: machine).differs),
    ]
}
