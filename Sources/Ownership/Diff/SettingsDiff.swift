import Machine

extension Diff {
    /// The kernel, its rules, and what it has decided in this boot.
    mutating func compareKernels(_ a: MachineState, _ b: MachineState) {
        note(.kernel, "release", Self.release(of: a.kernel.release), Self.release(of: b.kernel.release))
        note(
            .kernel,
            "rules",
            Self.known(a.kernel.generation.value?.rawValue),
            Self.known(b.kernel.generation.value?.rawValue)
        )
        if a.kernel.generation.value?.hasProbe == true && b.kernel.generation.value?.hasProbe == true {
            note(.kernel, "initial probe", Self.probe(of: a), Self.probe(of: b))
        }
        if a.kernel.generation.value == .allOrNothing && b.kernel.generation.value == .allOrNothing {
            note(
                .kernel,
                "CXL mode",
                Self.known(a.daxCxlMode.value?.rawValue),
                Self.known(b.daxCxlMode.value?.rawValue)
            )
        }
    }

    /// What a plan tells of the kernel that it is for.
    mutating func compareKernels(_ plan: Plan, _ release: String, _ rules: String?) {
        note(.kernel, "release", Self.release(of: plan.fingerprint.kernelRelease), Self.release(of: release))
        note(.kernel, "rules", Self.known(plan.rules), Self.known(rules))
    }

    private static func release(of release: String) -> Told {
        known(release == Kernel.unknownRelease ? nil : release)
    }

    private static func probe(of machine: MachineState) -> Told {
        known(machine.initialProbe.value == .unknown ? nil : machine.initialProbe.value.rawValue)
    }

    /// A fact that every machine has.
    private static func known(_ word: String?) -> Told { word.map { Told($0) } ?? .unknown }

    /// How modules stand, as each side tells it; nil from one that does not speak of a module.
    mutating func compareModules(
        _ names: [String],
        standing a: (String) -> Told?,
        _ b: (String) -> Told?,
        arePlans: Bool = false
    ) {
        for name in names {
            guard let one = a(name), let other = b(name) else { continue }
            note(.module, name, one, other, arePlans: arePlans)
        }
    }

    /// What keeps `cxl_acpi` out, now and from the next boot on.
    mutating func compareHolds(_ a: MachineState, _ b: MachineState) {
        note(.hold, "cxl_acpi", a.hold, b.hold)
        note(.nextBoot, "persist", a.choice, b.choice)
    }
}

extension Diff {
    /// The kernel parameters that bear on who owns memory: for each name all that it is given, in order.
    mutating func compareParameters(_ a: MachineState, _ b: MachineState) {
        let isTold = [a, b].map { !$0.lacks(.commandLine) }
        guard isTold == [true, true] else {
            let told = isTold.map { $0 ? Told("recorded") : .unknown }
            return note(.parameter, "all", told[0], told[1])
        }
        let given = [a, b].map { Dictionary(grouping: $0.kernel.commandLine.ownershipParameters, by: \.name) }
        for name in Set(given.flatMap(\.keys)) {
            let told = given.map { side in
                Told(side[name].map { $0.map(\.shownValue).joined(separator: " ") })
            }
            note(.parameter, name, told[0], told[1])
        }
    }

    /// What the host's own configuration tells modprobe. In which file it stands makes no difference.
    mutating func compareModprobe(_ a: MachineState, _ b: MachineState) {
        let isTold = [a, b].map(\.modprobe.isRecorded)
        if isTold.contains(false) {
            let told = isTold.map { $0 ? Told("recorded") : .unknown }
            note(.modprobe, "all", told[0], told[1])
        }
        let sides = [a, b].map { machine in
            Dictionary(machine.modprobe.settings.map { ("\($0.keyword) \($0.module)", $0) }) { first, _ in first }
        }
        for subject in Set(sides.flatMap(\.keys)) {
            let told = zip(sides, isTold).map { side, isTold in
                guard let setting = side[subject] else { return isTold ? Told(nil) : .unknown }
                let place = "\(setting.line.path):\(setting.line.number)"
                // A blacklist has no value, and is there or not.
                if setting.value.isEmpty { return Told(oneOf: ["there"], shown: place) }
                return Told(oneOf: [setting.value], shown: "\(setting.value) (\(place))")
            }
            note(.modprobe, subject, told[0], told[1])
        }
    }
}

extension KernelCommandLine.Parameter {
    /// Its value for people.
    fileprivate var shownValue: String { value.map { $0.isEmpty ? "\"\"" : $0 } ?? "there" }
}

extension MachineState {
    /// How a module can stand. Without `modules.dep` one that is not loaded may be missing, and whether one is built in is
    /// not always recorded.
    func possibleStandings(of name: String) -> Diff.Told? {
        let standing = modules.state(of: name)
        switch standing {
        case .unknown: return .unknown
        case .absent where lacks(.moduleSettings):
            return Diff.Told(
                oneOf: Set([ModuleStanding.absent, .missing, .builtin, .unbound].map(\.rawValue)),
                shown: standing.rawValue
            )
        case .absent where modules.dependencies == nil:
            // For what it does now, it is the same.
            return Diff.Told(anyOf: [ModuleStanding.absent, .missing], shown: [standing.rawValue])
        default: return Diff.Told(standing.rawValue)
        }
    }

    /// Whether `cxl_acpi` is kept out.
    var hold: Diff.Told {
        lacks(.moduleSettings) ? .unknown : Diff.Told(holdGap != nil ? "half held" : isHeld ? "held" : "not held")
    }

    /// What is persisted.
    fileprivate var choice: Diff.Told { lacks(.moduleSettings) ? .unknown : Diff.Told(persisted?.rawValue) }
}

extension Plan {
    /// The rules that it was made with; nil where none were known.
    package var rules: String? {
        let found = fingerprint.facts["kernel", default: [:]]["rules"]
        return request.overrides.generation?.rawValue ?? (found == "unknown" ? nil : found)
    }
}

extension Generation {
    /// Its first probe of dax_hmem is another than later ones.
    fileprivate var hasProbe: Bool { self == .coordinated || self == .unfixed }
}
