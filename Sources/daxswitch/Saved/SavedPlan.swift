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
        func bad(_ place: String?, _ message: String) -> PlanFileError {
            PlanFileError(file: file, place: place, message: message)
        }
        let content: PlanFile
        do {
            content = try JSONDecoder().decode(PlanFile.self, from: Data(text.utf8))
        } catch let error as DecodingError {
            throw PlanFileError(file: file, error)
        } catch {
            throw bad(nil, "\(error)")
        }
        guard content.schemaVersion == 1 else {
            throw bad("schema_version", "this is version \(content.schemaVersion), version 1 is understood")
        }
        guard content.kind == "plan" || content.kind == "predict" else {
            throw bad("kind", "\"\(content.kind)\" is not a plan; write one with plan --out")
        }
        let reader = PlanReader(content: content, file: file)
        policy = try reader.policy()
        overrides = try reader.overrides()
        plan = try reader.plan()
        fingerprint = Fingerprint(
            bootID: content.fingerprint.bootID,
            kernelRelease: content.fingerprint.kernelRelease,
            digests: content.fingerprint.digests
        )
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
