/// The members of a plan document that are read back, once all of it has been found to have the shape of one.
struct PlanFile: Decodable {
    let kind: String
    let policy: String?
    let request: Request
    let steps: [Step]
    let ranges: [Range]
    let modules: [String: [String]]
    let iomem: [Line]
    let fingerprint: Facts

    enum CodingKeys: String, CodingKey {
        case kind, policy, request, steps, ranges, modules, iomem, fingerprint
    }

    struct Request: Decodable {
        let summary: String?
        let order: [String]
        let want: [String: String]
        let consent: [String: Bool]
        let rules: String?
        let initialProbe: String?

        enum CodingKeys: String, CodingKey {
            case summary, order, want, consent, rules
            case initialProbe = "initial_probe"
        }
    }

    struct Step: Decodable {
        let verb: String
        let module: String?
        let start: String?
        let end: String?
        let use: String?
        let zone: String?

        enum CodingKeys: String, CodingKey {
            case verb = "do"
            case module, start, end, use, zone
        }

        /// As a plan's journal writes it.
        var text: String {
            let range = start.map { "\($0)-\(end ?? "")" }
            let subject =
                module
                ?? range.map { range in
                    use.map { use in "\(range)=\(use)" + (zone.map { "/\($0)" } ?? "") } ?? range
                }
            return subject.map { "\(verb):\($0)" } ?? verb
        }
    }

    struct Range: Decodable {
        let start: String
        let end: String
        let owners: [String]
        let through: String?
        let rules: [String]
        let why: String
        let facts: [String]
    }

    struct Line: Decodable {
        let start: String
        let end: String
        let name: String
        let certain: Bool
    }

    struct Facts: Decodable {
        let host: Host
        let bootID: String?
        let kernelRelease: String
        let digests: [String: String]
        let facts: [String: [String: String]]

        enum CodingKeys: String, CodingKey {
            case bootID = "boot_id"
            case kernelRelease = "kernel_release"
            case host, digests, facts
        }
    }

    struct Host: Decodable {
        let id: String?
        let name: String?
    }

    /// What says whether the rest can be read.
    struct Heading: Decodable {
        let schemaVersion: Int
        let kind: String

        enum CodingKeys: String, CodingKey {
            case schemaVersion = "schema_version"
            case kind
        }
    }
}
