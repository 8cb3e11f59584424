import Glibc
import LinuxSystem
import Policy

/// What `apply` and `verify` are given: a policy, or a file that `plan --out` or `predict --out` wrote.
enum PolicyOrPlan {
    case policy(PolicyLibrary.Entry)
    case plan(SavedPlan, file: String)

    /// A name is a policy's; a path is a plan where its text begins as a JSON document does.
    ///
    /// - Parameter isActedOn: It is not only looked at: as root nothing is taken that others than root can write.
    init(_ argument: String, isActedOn: Bool = false) throws {
        let user = geteuid()
        try self.init(argument) { file in
            isActedOn && user == 0 ? FileTrust.problem(with: file, trusting: user) : nil
        }
    }

    /// - Parameter distrust: Why an open file is not to be acted on; nil where it is.
    private init(_ argument: String, distrust: @escaping TextFile.Distrust) throws {
        let library = PolicyLibrary(distrust: distrust)
        if !PolicyLibrary.isPath(argument) && (library.names.contains(argument) || !File.exists(argument)) {
            self = .policy(try library.find(argument))
        } else if argument.hasSuffix(".toml") {
            self = .policy(try library.find(argument))
        } else {
            let text = try FileText.read(argument, distrust: distrust)
            if text.drop(while: \.isWhitespace).hasPrefix("{") || argument.hasSuffix(".json") {
                self = .plan(try SavedPlan(text, file: argument), file: argument)
            } else {
                self = .policy(
                    PolicyLibrary.Entry(policy: try PolicyFile.parse(text, file: argument), source: argument)
                )
            }
        }
    }
}
