import Machine

/// The facts that a plan relies on, so that a saved plan is not carried out on another state.
struct Fingerprint: Equatable {
    /// The machine.
    var host: Host
    /// `/proc/sys/kernel/random/boot_id`.
    var bootID: String?
    /// The kernel's release.
    var kernelRelease: String
    /// What each fact says: by its kind, then by what it is about.
    var facts: [String: [String: String]]

    /// The digest of the facts of each kind.
    var digests: [String: String] {
        facts.mapValues { about in
            digest(of: about.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" })
        }
    }

    /// Everything that is not the same on `machine` any more; on another host just that.
    func changes(on machine: MachineState) -> [FactChange] {
        let now = Fingerprint(of: machine)
        guard host.mayBe(now.host) else {
            return [FactChange(fact: "host", before: host.words, now: now.host.words)]
        }
        let identity = [
            FactChange(fact: "boot", before: bootID, now: now.bootID),
            FactChange(fact: "kernel", before: kernelRelease, now: now.kernelRelease),
        ]
        // Without a boot id nothing says that it is still the same boot.
        return identity.filter { $0.before != $0.now || $0.before == nil } + changedFacts(now)
    }

    private func changedFacts(_ now: Fingerprint) -> [FactChange] {
        Set(facts.keys).union(now.facts.keys).sorted().flatMap { kind in
            let (before, after) = (facts[kind, default: [:]], now.facts[kind, default: [:]])
            return Set(before.keys).union(after.keys).sorted().filter { before[$0] != after[$0] }.map { subject in
                let name = Self.words[kind, default: kind]
                return FactChange(fact: "\(name) \(subject)", before: before[subject], now: after[subject])
            }
        }
    }

    private static let words = [
        "dax_devices": "dax device", "decoders": "decoder", "kernel": "kernel:", "memory": "memory",
        "modules": "module", "regions": "region", "remembered": "remembered region",
        "soft_reserved": "Soft Reserved range", "windows": "CXL window",
    ]
}

/// A fact that is not as it was; nil where it was, or is, not there.
struct FactChange: Equatable {
    let fact: String
    let before: String?
    let now: String?
}

extension FactChange: CustomStringConvertible {
    var description: String { "\(fact): \(before ?? "not known") before, \(now ?? "not known") now" }
}

extension Host {
    /// The host for people: its name with its id.
    fileprivate var words: String? {
        guard let name else { return id }
        return name + (id.map { " (\($0))" } ?? "")
    }
}
