import FoundationEssentials
import LinuxSystem
import Ownership
import Policy

extension PolicyLibrary {
    /// The policy that a person names by its name or its path.
    ///
    /// - Throws: `PolicyError`; `Failure` that says what the argument is if it is not a policy.
    func find(naming argument: String) throws -> Entry {
        do {
            return try find(argument)
        } catch {
            if let mistake = MistakenPolicy.directory(argument) ?? MistakenPolicy.document(argument) { throw mistake }
            guard error.code == .notFound else { throw error }
            throw Failure(.badData, code: error.code.rawValue, MistakenPolicy.unknown(argument, error, names))
        }
    }
}

/// What was named where a policy is expected.
enum MistakenPolicy {
    /// That it is a directory; nil if it is not.
    static func directory(_ argument: String) -> Failure? {
        guard (try? FileStatus(argument))?.kind == .directory else { return nil }
        return failure("\(argument) is a directory, not a policy. Use --root to name a recorded machine")
    }

    /// That it is a JSON document, as a saved plan is; nil if it is not.
    static func document(_ argument: String) -> Failure? {
        guard let text = try? TextFile.read(argument, upTo: sizeLimit),
            let kind = try? Heading(json: text.utf8).kind
        else { return nil }
        switch kind {
        case "plan":
            return failure("\(argument) is a saved plan, not a policy. `apply` and `verify` take it")
        case "predict":
            return failure("\(argument) is a saved prediction, not a policy. `verify` takes it")
        default:
            return failure("\(argument) is a JSON document of kind \(kind), not a policy")
        }
    }

    /// What to say of a name that no policy has.
    fileprivate static func unknown(_ argument: String, _ error: PolicyError, _ names: [String]) -> String {
        if argument.isEmpty { return "the name of the policy is empty" }
        if File.exists(argument) {
            return "\(argument): no policy has this name. For the file, write \(shellWord(path: "./" + argument))"
        }
        if argument.hasSuffix(".json") { return "\(argument): No such file or directory" }
        let meant = suggestion(for: argument, in: names)
        return meant.isEmpty ? "\(error)" : "\(error).\(meant)"
    }

    private struct Heading: Decodable {
        let kind: String
    }

    /// The largest document that is looked at, in bytes: a plan can be large.
    private static let sizeLimit = 64 << 20

    private static func failure(_ message: String) -> Failure {
        Failure(.badData, code: "not-a-policy", message)
    }
}
