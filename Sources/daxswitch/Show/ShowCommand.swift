import ArgumentParser
import LinuxSystem
import Ownership
import Policy
import SavedPlan

/// `show`: a saved plan as `plan` printed it, without a machine.
struct ShowCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "show",
        _superCommandName: Daxswitch.name,
        abstract: "Show a saved plan.",
        discussion: "Reads no machine. `apply --dry-run PLANFILE` also checks whether the plan still fits this host."
    )

    @Argument(
        help: ArgumentHelp(
            "A file that plan --out or predict --out wrote; - is standard input.",
            valueName: "planfile"
        ),
        completion: .file()
    )
    var file: String

    @OptionGroup var json: JSONOption
    @OptionGroup var detail: DetailOptions
    @OptionGroup var colour: ColourOption

    var wantsJSON: Bool { json.isOn }

    func execute() throws -> ExitStatus {
        let name = file == "-" ? "standard input" : file
        if let mistake = MistakenPolicy.directory(file) { throw mistake }
        if file != "-" && !File.exists(file) && PolicyLibrary().names.contains(file) { throw Self.policy(file) }
        let text = file == "-" ? try FileText.readStandardInput() : try FileText.read(file)
        guard text.drop(while: \.isWhitespace).hasPrefix("{") else {
            throw PlanFileError(file: name, place: nil, message: "not a saved plan. Write one with plan --out")
        }
        let plan: Plan
        do { plan = try PlanFile.parse(text, file: name) } catch {
            let fix = error.message.contains("plan again") ? "" : ". Make the plan again with plan --out"
            throw PlanFileError(file: name, place: error.place, message: error.message + fix)
        }
        if wantsJSON {
            Output.print(.form(plan))
        } else {
            Output.print(showText(plan, file: file, detail.detail, style: colour.style))
        }
        return .done
    }
}

extension ShowCommand {
    private static func policy(_ name: String) -> Failure {
        Failure(
            .badData,
            code: "plan-invalid",
            "\(name) is a policy, not a saved plan. `daxswitch policies \(name)` shows it"
        )
    }
}

/// A saved plan for people.
func showText(_ plan: Plan, file: String, _ detail: Detail = Detail(), style: Style) -> [Line] {
    let word = file == "-" ? "FILE" : shellWord(path: file)
    return planText(plan.applied(as: word), machine: nil, detail, style: style)
}

extension Plan {
    /// The plan, with the command that applies the file that it was saved in: the policy may come out differently.
    ///
    /// - Parameter file: A word of that command.
    func applied(as file: String) -> Plan {
        var plan = self
        if policy != nil && !isEmpty && openHazards.isEmpty { plan.recommendation = "daxswitch apply \(file)" }
        return plan
    }
}
