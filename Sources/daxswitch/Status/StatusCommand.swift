import ArgumentParser

/// `status`: who owns what now.
struct StatusCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show who owns each Soft Reserved range, and what decides it."
    )

    @OptionGroup var root: RootOption
    @OptionGroup var json: JSONOption

    var wantsJSON: Bool { json.isOn }

    func execute() throws -> ExitStatus {
        let machine = try root.read()
        if wantsJSON {
            Output.print(statusDocument(machine))
        } else {
            Output.print(statusText(machine, style: .current))
        }
        return .done
    }
}
