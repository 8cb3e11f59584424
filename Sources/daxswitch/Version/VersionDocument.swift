import Kmod

/// The kinds of documents that the tool prints; each has a schema.
let documentKinds = [
    "apply", "collect", "error", "explain", "fleet", "history", "orders", "persist", "plan", "policies", "predict",
    "record", "recover", "status", "verify", "version",
]

/// `version --json`.
func versionDocument() -> JSONValue {
    document(
        "version",
        [
            "version": .text(Daxswitch.version), "libkmod": JSONValue(LibraryVersion.loaded),
            "schemas": .object(Dictionary(documentKinds.map { ($0, JSONValue(schemaVersion)) }) { first, _ in first }),
        ]
    )
}
