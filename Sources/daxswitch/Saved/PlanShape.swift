import Machine
import Ownership

extension Shape {
    /// What `plan` and `predict` write, as docs/schemas/plan.schema.json has it.
    static let plan = Shape.members(
        [
            "schema_version": .constant(UInt64(schemaVersion)), "kind": .word(["plan", "predict"]),
            "policy": .orNull(.text), "request": request, "steps": .list(step), "certain": .truth,
            "missing_facts": .list(.text), "ranges": .list(range),
            "modules": .map(.list(.word(["live", "changing", "builtin", "absent", "missing"]))),
            "iomem": .list(line), "hazards": .list(hazard), "fingerprint": fingerprint,
        ],
        optional: ["root": .text]
    )

    private static let address = Shape.hexadecimal(prefix: "0x", count: nil)
    private static let digest = Shape.hexadecimal(prefix: "", count: 16)

    private static let request = Shape.members([
        "summary": .orNull(.text), "order": .list(.text),
        "want": .members(["covered_by_region": wish, "window_only": wish, "outside_windows": wish]),
        "consent": .members(["offline_memory": .truth, "lose_regions": .truth]),
        "rules": .orNull(.word(Generation.allCases.map(\.rawValue))),
        "initial_probe": .orNull(.word([InitialProbe.pending, .done].map(\.rawValue))),
    ])

    private static let wish = Shape.word([Owner.cxl, .hmem, .none].map(\.rawValue) + ["any"])

    private static let step = Shape.members([
        "do": .word(["load", "unload", "hold", "release", "offline-memory", "restore-use"]), "module": .orNull(.text),
        "start": .orNull(address), "end": .orNull(address), "size": .orNull(.count),
        "use": .orNull(.word([MemoryState.systemRAM, .devdax, .idle].map(\.rawValue))),
        "zone": .orNull(.word(MemoryUse.OnlineZone.allCases.map(\.rawValue))),
    ])

    private static let range = Shape.members([
        "start": address, "end": address, "size": .count, "owners": .list(.word(Owner.allCases.map(\.rawValue))),
        "through": .orNull(.text), "rules": .list(.text), "why": .text, "facts": .list(.text),
    ])

    private static let line = Shape.members([
        "start": address, "end": address, "size": .count, "name": .text, "certain": .truth,
    ])

    private static let hazard = Shape.members([
        "id": .word(Hazard.Identifier.allCases.map(\.rawValue)), "severity": .word(["crash", "loss", "failure"]),
        "subject": .text, "why": .text, "way_out": .text,
    ])

    private static let fingerprint = Shape.members([
        "host": .members(["id": .orNull(digest), "name": .orNull(.text)]), "boot_id": .orNull(.text),
        "kernel_release": .text, "digests": .map(digest), "facts": .map(.map(.text)),
    ])
}
