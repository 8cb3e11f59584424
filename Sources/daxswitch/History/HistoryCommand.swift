import ArgumentParser

/// `history`: what was carried out on this machine.
struct HistoryCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "List what was carried out on this machine, the newest last.",
        discussion: "The records are in /var/lib/daxswitch/history.jsonl, the older ones in history.jsonl.1."
    )

    @OptionGroup var root: RootOption
    @OptionGroup var json: JSONOption

    var wantsJSON: Bool { json.isOn }

    func execute() throws -> ExitStatus {
        let history = try History.read(root: root.path)
        if wantsJSON {
            Output.print(historyDocument(history.records, unreadable: history.unreadable))
        } else {
            Output.print(historyText(history.records, style: .current))
        }
        if history.unreadable > 0 {
            Output.complain("\(counted(history.unreadable, "line")) of the history can't be read and is left out")
        }
        return .done
    }
}
