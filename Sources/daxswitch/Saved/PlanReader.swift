import Iomem
import Machine
import Ownership

/// Turns the words of a plan document into values.
struct PlanReader {
    let content: PlanFile
    let file: String

    /// The policy, for a plan; nil for a prediction.
    func policy() throws(PlanFileError) -> Policy? {
        guard content.kind == "plan" else { return nil }
        guard let name = content.policy else { throw bad("policy", "a plan has a policy") }
        var order: [Step] = []
        for (index, word) in content.request.order.enumerated() {
            order.append(try step(word, at: "request.order[\(index)]"))
        }
        return Policy(
            name: name,
            summary: content.request.summary ?? "",
            order: order,
            want: Policy.Want(
                coveredByRegion: try wish("covered_by_region"),
                windowOnly: try wish("window_only"),
                outsideWindows: try wish("outside_windows")
            ),
            consent: Policy.Consent(
                offlineMemory: content.request.consent["offline_memory"] ?? false,
                loseRegions: content.request.consent["lose_regions"] ?? false
            )
        )
    }

    func overrides() throws(PlanFileError) -> Overrides {
        Overrides(
            generation: try optional(content.request.rules, at: "request.rules"),
            initialProbe: try optional(content.request.initialProbe, at: "request.initial_probe")
        )
    }

    func plan() throws(PlanFileError) -> Plan {
        var steps: [Step] = []
        for (index, step) in content.steps.enumerated() {
            steps.append(try self.step(step.text, at: "steps[\(index)]"))
        }
        return Plan(policy: content.policy, steps: steps, prediction: try prediction())
    }

    /// The facts that it relies on, as they were written.
    func fingerprint() throws(PlanFileError) -> Fingerprint {
        let read = content.fingerprint
        let fingerprint = Fingerprint(
            host: Host(id: read.host.id, name: read.host.name),
            bootID: read.bootID,
            kernelRelease: read.kernelRelease,
            facts: read.facts
        )
        let digests = fingerprint.digests
        for kind in Set(digests.keys).union(read.digests.keys).sorted() where digests[kind] != read.digests[kind] {
            throw bad(
                "fingerprint.digests.\(kind)",
                "it does not fit fingerprint.facts.\(kind): the file was changed after it was written"
            )
        }
        return fingerprint
    }

    private func prediction() throws(PlanFileError) -> Prediction {
        var ranges: [PredictedRange] = []
        for (index, range) in content.ranges.enumerated() {
            let place = "ranges[\(index)]"
            var owners: Set<Owner> = []
            for owner in range.owners { owners.insert(try word(owner, at: "\(place).owners")) }
            ranges.append(
                PredictedRange(
                    range: try bytes(range.start, range.end, at: place),
                    owners: owners,
                    through: range.through,
                    rules: range.rules,
                    why: range.why,
                    facts: range.facts
                )
            )
        }
        var lines: [PredictedLine] = []
        for (index, line) in content.iomem.enumerated() {
            let range = try bytes(line.start, line.end, at: "iomem[\(index)]")
            lines.append(PredictedLine(range: range, name: line.name, isCertain: line.certain))
        }
        var modules: [String: Set<ModuleStanding>] = [:]
        for (name, words) in content.modules {
            for word in words { modules[name, default: []].insert(try self.word(word, at: "modules.\(name)")) }
        }
        return Prediction(ranges: ranges, modules: modules, iomem: lines, hazards: [], missingFacts: [])
    }

    private func bad(_ place: String, _ message: String) -> PlanFileError {
        PlanFileError(file: file, place: place, message: message)
    }

    private func step(_ text: String, at place: String) throws(PlanFileError) -> Step {
        do { return try Step(parsing: text) } catch { throw bad(place, error.message) }
    }

    private func wish(_ key: String) throws(PlanFileError) -> Owner? {
        guard let text = content.request.want[key], text != "any" else { return nil }
        return try word(text, at: "request.want.\(key)")
    }

    private func word<Word: RawRepresentable<String>>(
        _ text: String,
        at place: String
    ) throws(PlanFileError) -> Word {
        guard let word = Word(rawValue: text) else { throw bad(place, "\"\(text)\" is not understood") }
        return word
    }

    private func optional<Word: RawRepresentable<String>>(
        _ text: String?,
        at place: String
    ) throws(PlanFileError) -> Word? {
        guard let text else { return nil }
        return try word(text, at: place)
    }

    private func bytes(_ start: String, _ end: String, at place: String) throws(PlanFileError) -> AddressRange {
        guard let first = parseAddress(start), let last = parseAddress(end),
            let range = AddressRange(start: first, end: last)
        else { throw bad(place, "\(start)-\(end) is not an address range") }
        return range
    }
}
