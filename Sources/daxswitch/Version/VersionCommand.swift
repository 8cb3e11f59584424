import ArgumentParser
import Kmod

/// `version`: the same as `--version`, and for programs the versions of what they rely on.
struct VersionCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "version",
        _superCommandName: Daxswitch.name,
        abstract: "Print the version; with --json also those of the schemas and of libkmod."
    )

    @OptionGroup var json: JSONOption

    var wantsJSON: Bool { json.isOn }

    func execute() throws -> ExitStatus {
        if wantsJSON {
            Output.print(versionDocument())
        } else {
            Output.print(["\(Daxswitch.version)"])
        }
        return .done
    }
}

/// The kinds of documents that the tool prints; each has a schema.
let documentKinds = [
    "apply", "collect", "confirm", "diff", "error", "explain", "fleet", "history", "next-boot", "orders", "persist",
    "plan",
    "policies",
    "predict",
    "record", "recover", "report", "status", "verify", "version",
]

/// `version --json`.
func versionDocument() -> JSONValue {
    document(
        "version",
        [
            "version": .text(Daxswitch.version), "libkmod": JSONValue(KmodContext.libraryVersion),
            "schemas": .object(Dictionary(documentKinds.map { ($0, JSONValue(schemaVersion)) }) { first, _ in first }),
        ]
    )
}
