import FoundationEssentials
import Iomem
import Machine
import Ownership

/// A plan or a prediction that was written with `--out`.
struct SavedPlan: Equatable {
    /// The policy as it was when the plan was made; nil for a prediction.
    var policy: Policy?
    /// What replaced facts that were found.
    var overrides: Overrides
    /// The steps and what they bring. Hazards are not read back: whoever applies a plan finds them anew.
    var plan: Plan
    /// The machine it was made for.
    var fingerprint: Fingerprint

    /// Reads a document.
    init(_ text: String, file: String) throws(PlanFileError) {
        let heading: PlanFile.Heading = try Self.decode(text, file: file)
        guard heading.schemaVersion == schemaVersion else {
            throw PlanFileError(
                file: file,
                place: "schema_version",
                message: "this is version \(heading.schemaVersion), this daxswitch understands version "
                    + "\(schemaVersion); plan anew with it"
            )
        }
        guard heading.kind == "plan" || heading.kind == "predict" else {
            throw PlanFileError(
                file: file,
                place: "kind",
                message: "\"\(heading.kind)\" is not a plan; write one with plan --out"
            )
        }
        let document: JSONValue = try Self.decode(text, file: file)
        do {
            try Shape.plan.check(document)
        } catch {
            throw PlanFileError(file: file, place: error.place, message: error.message)
        }
        let content: PlanFile = try Self.decode(text, file: file)
        let reader = PlanReader(content: content, file: file)
        policy = try reader.policy()
        overrides = try reader.overrides()
        plan = try reader.plan()
        fingerprint = try reader.fingerprint()
    }

    private static func decode<Value: Decodable>(_ text: String, file: String) throws(PlanFileError) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch let error as DecodingError {
            throw PlanFileError(file: file, error)
        } catch {
            throw PlanFileError(file: file, place: nil, message: "\(error)")
        }
    }
}

extension PlanFileError {
    /// What JSONDecoder found, with the path of the key.
    init(file: String, _ error: DecodingError) {
        let (path, message): ([any CodingKey], String) =
            switch error {
            case .keyNotFound(let key, let context): (context.codingPath + [key], "this key is missing")
            case .typeMismatch(_, let context), .valueNotFound(_, let context): (context.codingPath, "wrong type")
            case .dataCorrupted(let context): (context.codingPath, "not a JSON document")
            @unknown default: ([], "not readable")
            }
        let place = path.reduce(into: "") { place, key in
            if let index = key.intValue {
                place += "[\(index)]"
            } else {
                place += place.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
        self.init(file: file, place: place.isEmpty ? nil : place, message: message)
    }
}
