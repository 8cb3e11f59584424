import Machine
import Ownership
import Policy

/// One policy for people.
func policyText(_ entry: PolicyLibrary.Entry, style: Style) -> [String] {
    let policy = entry.policy
    let word = { (owner: Owner?) in owner?.rawValue ?? "any" }
    var lines = [style.strong(policy.name) + "  (\(entry.source))"] + wrapped(policy.summary, indent: 2)
    lines += ["", "Order"] + policy.order.enumerated().map { "  \($0.offset + 1). \($0.element)" }
    lines += ["", "Owner wanted"]
    lines += aligned([
        ["covered by a region", word(policy.want.coveredByRegion)],
        ["in a window only", word(policy.want.windowOnly)],
        ["outside windows", word(policy.want.outsideWindows)],
    ])
    lines += ["", "May do unasked"]
    lines += aligned([
        ["offline memory", policy.consent.offlineMemory ? "yes" : "no"],
        ["lose regions", policy.consent.loseRegions ? "yes" : "no"],
    ])
    return lines
}
