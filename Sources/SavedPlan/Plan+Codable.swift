import Machine
package import Ownership

extension Plan: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case schemaVersion = "schema_version"
        case kind, policy, request, steps, certain
        case missingFacts = "missing_facts"
        case ranges, modules, iomem, hazards, fingerprint, digest, host, overrides, verdict, recommendation, notes
        case madeAt = "made_at"
        /// The directory of the machine, which `plan` over many machines adds.
        case root
    }

    private enum RequestKeys: String, CodingKey, CaseIterable {
        case summary, order, want, consent, rules, accept
        case initialProbe = "initial_probe"
        case leaveIdle = "leave_idle"
        case regionsFrom = "regions_from"
    }

    /// What says whether the rest can be read.
    private enum Kind: String {
        case plan
        case predict
    }

    /// Reads a document. Its version and kind are looked at before anything else.
    package init(from decoder: any Swift.Decoder) throws {
        let kind = try Self.kind(decoder)
        let members = try StrictMembers<CodingKeys>(decoder, optional: [.root])
        if members.has(.root) { _ = try members.value(.root) as String }
        let request = try Self.request(members, kind)
        let modules: [String: [Word<ModuleStanding>]] = try members.value(.modules)
        let prediction = Prediction(
            ranges: try members.value(.ranges),
            modules: modules.mapValues { Set($0.map(\.value)) },
            iomem: try members.value(.iomem),
            missingFacts: try members.value(.missingFacts)
        )
        try members.check(.certain, is: prediction.isCertain)
        self.init(
            request: request,
            steps: try members.value(.steps),
            prediction: prediction,
            hazards: [Hazard](try members.value(.hazards) as [HazardGroup]),
            fingerprint: try members.value(.fingerprint),
            recommendation: try members.value(.recommendation),
            madeAt: try members.value(.madeAt)
        )
        notes = try members.value(.notes)
        try members.check(.verdict, is: verdict.rawValue)
        try members.check(.host, is: fingerprint.host.name)
        try members.check(.overrides, is: OverrideMembers(request.overrides))
        guard try members.value(.digest) == documentDigest else {
            throw members.misfit(
                .digest,
                "the file was changed after it was written. Make the plan again with plan --out"
            )
        }
    }

    /// The digest of all that a document of this plan holds, but for itself and `root`. It is made from the values: the layout
    /// of the text makes no difference. It shows that a document was edited or damaged; there is no key in it, so it is no
    /// proof of who wrote the document.
    package var documentDigest: String { digest(of: [JSONText.line(Undigested(plan: self))]) }

    /// A document without its digest.
    private struct Undigested: Encodable {
        let plan: Plan

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: CodingKeys.self)
            try plan.encode(into: &members)
        }
    }

    private static func kind(_ decoder: any Swift.Decoder) throws -> Kind {
        let heading = try decoder.container(keyedBy: CodingKeys.self)
        let version = try heading.decode(Int.self, forKey: .schemaVersion)
        guard version == PlanFile.schemaVersion else {
            throw Misfit(
                decoder.codingPath + [CodingKeys.schemaVersion],
                "this is version \(version), but this daxswitch reads version \(PlanFile.schemaVersion). "
                    + "Run plan again with it"
            )
        }
        let word = try heading.decode(String.self, forKey: .kind)
        guard let kind = Kind(rawValue: word) else {
            throw Misfit(
                decoder.codingPath + [CodingKeys.kind],
                "\"\(word)\" is not a plan. Write one with plan --out"
            )
        }
        return kind
    }

    private static func request(_ members: StrictMembers<CodingKeys>, _ kind: Kind) throws -> Request {
        let request = try members.members(.request, RequestKeys.self, optional: [.regionsFrom])
        var order: [Step] = []
        for (index, word) in (try request.value(.order) as [String]).enumerated() {
            do {
                order.append(try Step(parsing: word))
            } catch {
                throw request.misfit(.order, index, error.message)
            }
        }
        let (want, consent): (Policy.Want, Policy.Consent) = (try request.value(.want), try request.value(.consent))
        let summary: String? = try request.value(.summary)
        let name: String? = try members.value(.policy)
        if (name != nil) != (kind == .plan) {
            throw members.misfit(.policy, kind == .plan ? "a plan has a policy" : "a prediction has no policy")
        }
        let overrides = Overrides(
            generation: try request.word(.rules),
            initialProbe: try request.word(.initialProbe),
            regions: request.has(.regionsFrom) ? try request.value(.regionsFrom) : nil
        )
        if overrides.initialProbe == .unknown {
            throw request.misfit(.initialProbe, "\"unknown\" is not allowed here")
        }
        let policy = name.map { name in
            Policy(name: name, summary: summary ?? "", order: order, want: want, consent: consent)
        }
        let accepted: [Word<Hazard.Identifier>] = try request.value(.accept)
        if let crash = accepted.first(where: { !$0.value.isAcceptable })?.value {
            throw request.misfit(.accept, "\(crash.rawValue) can't be accepted")
        }
        return Request(
            policy: policy,
            order: order,
            overrides: overrides,
            leavesIdle: try request.value(.leaveIdle),
            accepted: Set(accepted.map(\.value))
        )
    }

    /// Writes a document; what is missing is null, so the shape never varies.
    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try encode(into: &members)
        try members.encode(documentDigest, forKey: .digest)
    }

    private func encode(into members: inout KeyedEncodingContainer<CodingKeys>) throws {
        try members.encode(PlanFile.schemaVersion, forKey: .schemaVersion)
        try members.encode((policy == nil ? Kind.predict : .plan).rawValue, forKey: .kind)
        try members.encode(policy?.name, forKey: .policy)
        try members.encode(steps, forKey: .steps)
        try members.encode(prediction.isCertain, forKey: .certain)
        try members.encode(prediction.missingFacts, forKey: .missingFacts)
        try members.encode(prediction.ranges, forKey: .ranges)
        try members.encode(prediction.modules.mapValues(\.words), forKey: .modules)
        try members.encode(prediction.iomem, forKey: .iomem)
        try members.encode(hazards.groups, forKey: .hazards)
        try members.encode(verdict.rawValue, forKey: .verdict)
        try members.encode(recommendation, forKey: .recommendation)
        try members.encode(notes, forKey: .notes)
        try members.encode(madeAt, forKey: .madeAt)
        try members.encode(fingerprint.host.name, forKey: .host)
        try members.encode(OverrideMembers(request.overrides), forKey: .overrides)
        try members.encode(fingerprint, forKey: .fingerprint)
        var request = members.nestedContainer(keyedBy: RequestKeys.self, forKey: .request)
        try request.encode(policy?.summary, forKey: .summary)
        try request.encode(self.request.order.map(\.description), forKey: .order)
        try request.encode(policy?.want ?? Policy.Want(), forKey: .want)
        try request.encode(policy?.consent ?? Policy.Consent(), forKey: .consent)
        try request.encode(self.request.overrides.generation?.rawValue, forKey: .rules)
        try request.encode(self.request.overrides.initialProbe?.rawValue, forKey: .initialProbe)
        try request.encode(self.request.leavesIdle, forKey: .leaveIdle)
        if let regions = self.request.overrides.regions { try request.encode(regions, forKey: .regionsFrom) }
        try request.encode(self.request.accepted.words, forKey: .accept)
    }
}

/// What replaces facts that are found, as documents have it.
private struct OverrideMembers: Codable, Equatable {
    let rules: String?
    let initialProbe: String?

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case rules
        case initialProbe = "initial_probe"
    }

    init(from decoder: any Swift.Decoder) throws {
        let members = try StrictMembers<CodingKeys>(decoder)
        rules = try members.value(.rules)
        initialProbe = try members.value(.initialProbe)
    }

    init(_ overrides: Overrides) {
        rules = overrides.generation?.rawValue
        initialProbe = overrides.initialProbe?.rawValue
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(rules, forKey: .rules)
        try members.encode(initialProbe, forKey: .initialProbe)
    }
}

extension EarlierRegions: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case file, regions
    }

    package init(from decoder: any Swift.Decoder) throws {
        let members = try StrictMembers<CodingKeys>(decoder)
        var layouts: [RegionLayout] = []
        for (place, record) in (try members.value(.regions) as [RegionRecord]).enumerated() {
            guard let layout = record.layout else {
                throw members.misfit(.regions, place, "it does not describe a region")
            }
            layouts.append(layout)
        }
        self.init(file: try members.value(.file), layouts: layouts)
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(file, forKey: .file)
        try members.encode(layouts.map(RegionRecord.init), forKey: .regions)
    }
}

extension Policy.Want: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case coveredByRegion = "covered_by_region"
        case windowOnly = "window_only"
        case outsideWindows = "outside_windows"
    }

    private static let any = "any"

    package init(from decoder: any Swift.Decoder) throws {
        let members = try StrictMembers<CodingKeys>(decoder)
        func wish(_ key: CodingKeys) throws -> Owner? {
            if try members.value(key) == Self.any { return nil }
            let owner: Owner = try members.word(key)
            // Nobody wants two drivers over the same bytes.
            if owner == .both { throw members.misfit(key, "\"both\" is not allowed here") }
            return owner
        }
        self.init(
            coveredByRegion: try wish(.coveredByRegion),
            windowOnly: try wish(.windowOnly),
            outsideWindows: try wish(.outsideWindows)
        )
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(coveredByRegion?.rawValue ?? Self.any, forKey: .coveredByRegion)
        try members.encode(windowOnly?.rawValue ?? Self.any, forKey: .windowOnly)
        try members.encode(outsideWindows?.rawValue ?? Self.any, forKey: .outsideWindows)
    }
}

extension Policy.Consent: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case offlineMemory = "offline_memory"
        case loseRegions = "lose_regions"
        case restoreRegions = "restore_regions"
    }

    package init(from decoder: any Swift.Decoder) throws {
        // Plans of versions before 0.2.0 have no such consent.
        let members = try StrictMembers<CodingKeys>(decoder, optional: [.restoreRegions])
        self.init(
            offlineMemory: try members.value(.offlineMemory),
            loseRegions: try members.value(.loseRegions),
            restoreRegions: members.has(.restoreRegions) ? try members.value(.restoreRegions) : false
        )
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(offlineMemory, forKey: .offlineMemory)
        try members.encode(loseRegions, forKey: .loseRegions)
        // Left out if it is false, so the digest of older plans stays valid.
        if restoreRegions { try members.encode(true, forKey: .restoreRegions) }
    }
}
