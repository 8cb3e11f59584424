import Machine
import Ownership

/// Prints a plan or a prediction as it was asked for, but for JSON.
///
/// - Parameter root: Where the machine was read from.
func printPlan(
    _ plan: Plan,
    _ machine: MachineState,
    root: String,
    _ format: FormatOptions,
    _ options: DetailOptions,
    _ style: Style
) {
    let detail = format.detail(options)
    switch format.format {
    case .svg:
        let picture = MapPicture(machine, prediction: plan.prediction)
        Output.print(whole: picture.svg(title: pictureTitle(machine, plan)))
    case .map: Output.print(planMapText(plan, machine, detail, style: style))
    default:
        Output.print(planText(plan, machine: machine, root: root, detail, style: style), isWhole: detail.isQuiet)
    }
}

/// What a picture of a machine is of, and what a plan would change there.
func pictureTitle(_ machine: MachineState, _ plan: Plan? = nil) -> String {
    let host = machine.host.name.map { "\($0), " } ?? ""
    let steps = plan.map { ", before and after \($0.policy.map { "policy \($0.name)" } ?? "the steps")" } ?? ""
    return "Who owns CXL and Soft Reserved memory: \(host)kernel \(machine.kernel.release)\(steps)"
}
