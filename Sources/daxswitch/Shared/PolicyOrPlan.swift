import Glibc
import LinuxSystem
import Ownership
import Policy
import SavedPlan

/// What `apply` and `verify` are given: a policy, or a file that `plan --out` or `predict --out` wrote.
enum PolicyOrPlan {
    case policy(PolicyLibrary.Entry)
    case plan(Plan, file: String)

    /// A name is a policy's; a path is a plan where its text begins as a JSON document does.
    ///
    /// - Parameter isActedOn: It is not only looked at: as root nothing is taken that users who are not root can write.
    init(_ argument: String, isActedOn: Bool = false) throws {
        try self.init(argument, distrust: FileTrust.distrust(isActedOn: isActedOn))
    }

    /// - Parameter distrust: Why an open file is not to be acted on; nil where it is.
    private init(_ argument: String, distrust: @escaping TextFile.Distrust) throws {
        let library = PolicyLibrary(distrust: distrust)
        if !PolicyLibrary.isPath(argument) && (library.names.contains(argument) || !File.exists(argument)) {
            self = .policy(try library.find(naming: argument))
        } else if argument.hasSuffix(".toml") {
            self = .policy(try library.find(naming: argument))
        } else {
            if let mistake = MistakenPolicy.directory(argument) { throw mistake }
            let text = try FileText.read(argument, distrust: distrust)
            if text.drop(while: \.isWhitespace).hasPrefix("{") || argument.hasSuffix(".json") {
                self = .plan(try PlanFile.parse(text, file: argument), file: argument)
            } else {
                self = .policy(
                    PolicyLibrary.Entry(
                        policy: try PolicyFile.parse(text, file: argument),
                        source: argument,
                        argument: argument
                    )
                )
            }
        }
    }
}

extension PolicyOrPlan {
    /// The policy's name; nil for a prediction.
    var policyName: String? {
        switch self {
        case .policy(let entry): entry.policy.name
        case .plan(let plan, _): plan.policy?.name
        }
    }
}

/// A saved plan that was made for another state of the machine, or for another machine.
struct StalePlan: Error, Equatable {
    /// The file.
    let file: String
    /// What is not as it was, at least one.
    let changes: [FactChange]

    /// How many changes the message names; all of them are in the JSON document.
    private static let named = 3

    /// What is out of date, and what to do.
    var message: String {
        if let host = changes.first(where: { $0.fact == FactChange.host }) {
            let (planned, found) = (host.before ?? "not known", host.now ?? "not known")
            return "\(file) was made for host \(planned), but this is host \(found). Run `plan` on this host"
        }
        let list = changes.prefix(Self.named).map(\.description).joined(separator: "; ")
        let more = changes.count > Self.named ? "; and \(changes.count - Self.named) more" : ""
        return "\(file) is out of date: \(list)\(more). Run `plan` again"
    }
}

extension FileTrust {
    /// For files that the tool acts on: as root, those that users who are not root can write are refused.
    static func distrust(isActedOn: Bool) -> TextFile.Distrust {
        let user = geteuid()
        return { file in isActedOn && user == 0 ? problem(with: file, trusting: user) : nil }
    }
}
