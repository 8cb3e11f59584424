import ArgumentParser
import Ownership

/// `diff`: what is not the same on two machines, or as two plans predict it.
struct DiffCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        _superCommandName: Daxswitch.name,
        abstract: "Compare two machines or plans: owners, modules, regions, settings, findings.",
        discussion: """
            A and B are captures (whatever --root takes), saved plans, or / for this host. Without B, A is compared with \
            this host. A plan is compared by what it predicts. If A or B does not record something, it is \
            listed but is not a difference. Exits 0 if they are the same, 4 if they differ.
            """
    )

    @Argument(help: "A capture, a saved plan, or / for this host.", completion: .file())
    var a: String

    @Argument(help: "What to compare it with. Default: this host.", completion: .file())
    var b: String = MachineRoot.running.path

    @OptionGroup var json: JSONOption

    @OptionGroup var colour: ColourOption
    @OptionGroup var detail: DetailOptions

    var wantsJSON: Bool { json.isOn }

    func validate() throws {
        for word in [a, b] {
            if word.isEmpty {
                throw ValidationError("a path is empty: name a capture, a saved plan, or / for this host")
            }
            if word == "-" { throw ValidationError("diff reads nothing from standard input: name a file") }
            if RootWord(word).isMany { throw ValidationError("diff compares two: \(word) can name many. Name one") }
        }
    }

    func execute() throws -> ExitStatus {
        let (a, b) = (try DiffSide(a), try DiffSide(b))
        let diff = Diff(a.side, b.side)
        if wantsJSON {
            Output.print(diffDocument(diff, a, b))
        } else {
            let text = diffText(diff, a, b, detail.detail, style: colour.style)
            Output.print(text, isWhole: detail.quiet)
        }
        return diff.isEmpty ? .done : .differs
    }
}
