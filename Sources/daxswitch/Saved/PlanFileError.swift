/// Why a saved plan can't be used.
struct PlanFileError: Error, Equatable {
    /// The file.
    let file: String
    /// The key concerned, where it is one.
    let place: String?
    /// What is wrong.
    let message: String
}

extension PlanFileError: CustomStringConvertible {
    /// `FILE: KEY: what is wrong`.
    var description: String { [file, place, message].compactMap(\.self).joined(separator: ": ") }
}
