import Machine
package import Ownership

extension Fingerprint: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case host
        case bootID = "boot_id"
        case kernelRelease = "kernel_release"
        case digests, facts
    }

    private enum HostKeys: String, CodingKey, CaseIterable {
        case id, name
    }

    package init(from decoder: any Swift.Decoder) throws {
        let members = try StrictMembers<CodingKeys>(decoder)
        let host = try members.members(.host, HostKeys.self)
        self.init(
            host: Host(id: try host.digits(.id, count: 16), name: try host.value(.name)),
            bootID: try members.value(.bootID),
            kernelRelease: try members.value(.kernelRelease),
            facts: try members.value(.facts)
        )
        let (found, expected): ([String: String], [String: String]) = (try members.value(.digests), digests)
        let kinds = Set(found.keys).union(expected.keys).sorted()
        if let kind = kinds.first(where: { found[$0] != expected[$0] }) {
            throw members.misfit(
                .digests,
                kind,
                "it does not match fingerprint.facts.\(kind): the file was edited after it was written"
            )
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(bootID, forKey: .bootID)
        try members.encode(kernelRelease, forKey: .kernelRelease)
        // The facts of a machine are put into words once.
        let facts = facts
        let written = Fingerprint(host: host, bootID: bootID, kernelRelease: kernelRelease, facts: facts)
        try members.encode(written.digests, forKey: .digests)
        try members.encode(facts, forKey: .facts)
        var host = members.nestedContainer(keyedBy: HostKeys.self, forKey: .host)
        try host.encode(self.host.id, forKey: .id)
        try host.encode(self.host.name, forKey: .name)
    }
}
