/// A saved plan that was made for another state of the machine, or for another machine.
struct StalePlan: Error, Equatable {
    /// The file.
    let file: String
    /// What is not as it was, at least one.
    let changes: [FactChange]

    /// A sentence with every change.
    var message: String {
        if let host = changes.first(where: { $0.fact == FactChange.host }) {
            let (planned, found) = (host.before ?? "not known", host.now ?? "not known")
            return "\(file) was made for host \(planned), and this is host \(found). Plan anew for this one"
        }
        let list = changes.map(\.description).joined(separator: "; ")
        return "\(file) was made for another state of the machine; changed: \(list). Plan anew"
    }
}
