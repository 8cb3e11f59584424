package import Ownership

/// A policy's TOML text, read strictly: what is not understood is an error, never passed over.
package enum PolicyFile {
    /// Reads a policy.
    ///
    /// - Parameters:
    ///   - text: The TOML.
    ///   - file: What errors name, and what the policy is named after.
    /// - Throws: `PolicyError` with the line, or the key where the line is not known.
    package static func parse(_ text: String, file: String) throws(PolicyError) -> Policy {
        let root = try PolicyTable(text: text, file: file)
        try root.allow(["summary", "order", "want", "consent"])
        let summary = try root.string("summary")
        let order = try steps(of: root)
        return Policy(
            name: name(of: file),
            summary: summary,
            order: order,
            want: try want(of: try root.table("want")),
            consent: try consent(of: try root.table("consent"))
        )
    }

    /// `hmem` for `/etc/daxswitch/policies/hmem.toml`.
    static func name(of file: String) -> String {
        let base = file.split(separator: "/").last.map(String.init) ?? file
        return base.hasSuffix(".toml") ? String(base.dropLast(".toml".count)) : base
    }

    private static func steps(of root: PolicyTable) throws(PolicyError) -> [Step] {
        let words = try root.strings("order")
        guard !words.isEmpty else { throw root.error("order", "an order has at least one step") }
        var steps: [Step] = []
        for (index, word) in words.enumerated() {
            let step: Step
            do {
                step = try Step(parsing: word)
            } catch {
                throw root.error("order", element: index, error.message)
            }
            guard step.range == nil else {
                throw root.error(
                    "order",
                    element: index,
                    "\(step.verb) is planned where it is needed and consent.offline_memory allows it; leave it out"
                )
            }
            if steps.last == step { throw root.error("order", element: index, "\(step) directly after itself") }
            steps.append(step)
        }
        return steps
    }

    private static func want(of table: PolicyTable?) throws(PolicyError) -> Policy.Want {
        guard let table else { return Policy.Want(coveredByRegion: nil, windowOnly: nil, outsideWindows: nil) }
        try table.allow(["covered_by_region", "window_only", "outside_windows"])
        return Policy.Want(
            coveredByRegion: try table.owner("covered_by_region"),
            windowOnly: try table.owner("window_only"),
            outsideWindows: try table.owner("outside_windows")
        )
    }

    private static func consent(of table: PolicyTable?) throws(PolicyError) -> Policy.Consent {
        guard let table else { return Policy.Consent() }
        try table.allow(["offline_memory", "lose_regions"])
        return Policy.Consent(
            offlineMemory: try table.bool("offline_memory") ?? false,
            loseRegions: try table.bool("lose_regions") ?? false
        )
    }
}
