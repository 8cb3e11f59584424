import ArgumentParser

/// `version`: the same as `--version`, and for programs the versions of what they rely on.
struct VersionCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Print the version; with --json, those of the schemas and of libkmod as well."
    )

    @OptionGroup var json: JSONOption

    var wantsJSON: Bool { json.isOn }

    func execute() throws -> ExitStatus {
        if wantsJSON {
            Output.print(versionDocument())
        } else {
            Output.print([Daxswitch.version])
        }
        return .done
    }
}
