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
        guard !words.isEmpty else { throw root.error("order", "the order needs at least one step") }
        var steps: [Step] = []
        for (index, word) in words.enumerated() {
            let step: Step
            do {
                step = try Step(parsing: word)
            } catch {
                throw root.error("order", element: index, error.message)
            }
            guard step.range == nil, step.region == nil else {
                let consent = step.region == nil ? "offline_memory" : "restore_regions"
                throw root.error(
                    "order",
                    element: index,
                    "\(step.verb.rawValue) is planned automatically if it is needed and consent.\(consent) is true. Remove it"
                )
            }
            if steps.last == step { throw root.error("order", element: index, "\(step) follows itself") }
            steps.append(step)
        }
        return steps
    }

    private static func want(of table: PolicyTable?) throws(PolicyError) -> Policy.Want {
        let places = Policy.Want.Place.allCases
        guard let table else { return Policy.Want(leftOut: Set(places)) }
        try table.allow(places.map(\.rawValue))
        return Policy.Want(
            coveredByRegion: try table.owner(Policy.Want.Place.coveredByRegion.rawValue),
            windowOnly: try table.owner(Policy.Want.Place.windowOnly.rawValue),
            outsideWindows: try table.owner(Policy.Want.Place.outsideWindows.rawValue),
            leftOut: Set(places.filter { !table.has($0.rawValue) })
        )
    }

    private static func consent(of table: PolicyTable?) throws(PolicyError) -> Policy.Consent {
        guard let table else { return Policy.Consent() }
        try table.allow(["offline_memory", "lose_regions", "restore_regions"])
        return Policy.Consent(
            offlineMemory: try table.bool("offline_memory") ?? false,
            loseRegions: try table.bool("lose_regions") ?? false,
            restoreRegions: try table.bool("restore_regions") ?? false
        )
    }
}

/// Why a policy can't be used.
package struct PolicyError: Error, Sendable, Equatable {
    /// What kind of obstacle.
    package enum Code: String, Sendable {
        /// No policy has that name.
        case notFound = "policy-not-found"
        /// The file can't be read.
        case unreadable = "policy-unreadable"
        /// Others could have written the file.
        case notTrusted = "not-trusted"
        /// The text is not TOML, or not a policy.
        case invalid = "policy-invalid"
    }
    /// What kind of obstacle.
    package let code: Code
    /// The file, or the name that was asked for.
    package let file: String
    /// The line in the file, from 1, where it is known.
    package let line: Int?
    /// The key concerned, for example `want.window_only` or `order[2]`.
    package let keyPath: String?
    /// What is wrong and what would be right.
    package let message: String
}

extension PolicyError: CustomStringConvertible {
    /// `FILE:LINE: KEY: what is wrong`.
    package var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return ([place] + [keyPath].compactMap(\.self) + [message]).joined(separator: ": ")
    }
}
