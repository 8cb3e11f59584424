import ArgumentParser

/// `apply`.
struct ApplyCommand: Command {
    static let configuration = CommandConfiguration(commandName: "apply", abstract: "…")
    @OptionGroup var json: JSONOption
    var wantsJSON: Bool { json.isOn }
    func execute() throws -> ExitStatus { .failed }
}
