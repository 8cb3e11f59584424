import Ownership

/// `verify` for people: all differences, or that there is none.
func verifyText(_ differences: [Difference], against subject: String, style: Style) -> [String] {
    guard !differences.isEmpty else { return [style.good("The machine is as \(subject) says.")] }
    return [style.bad("\(counted(differences.count, "difference")) from \(subject)")]
        + differences.flatMap { wrapped($0.what, indent: 2) }
}
