// The words of plans, policies and verifications.

extension Step.Verb: Explained {
    package static var group: Term.Group { .steps }

    package var meaning: String {
        switch self {
        case .load:
            "Loads a module as modprobe does, with its dependencies. If the module is built in, binds its driver instead."
        case .unload: "Unloads one module. If the module is built in, unbinds its driver instead."
        case .hold:
            "Blocks cxl_acpi from loading until `release` or a reboot, against udev, softdep and request_module."
        case .release: "Allows cxl_acpi to load again."
        case .offlineMemory: "Takes all memory blocks of a range offline and unbinds kmem, or changes nothing."
        case .restoreUse: "Gives a range its previous use again: its driver, zone and state."
        case .unbindHmem: "Unbinds dax_hmem from one range. Other ranges keep their devices."
        case .bindHmem: "Binds dax_hmem to one range again."
        case .bindRegion: "Binds one CXL region to dax_cxl."
        case .splitDevice: "Creates a separate dax device for a part of a dax region, as it was before."
        case .restoreRegion: "Creates again a CXL region that was lost: same bytes, same memory devices."
        }
    }

    /// With what the step is about: `load:MODULE`.
    var form: String {
        switch self {
        case .load, .unload: "\(rawValue):MODULE"
        case .hold, .release: rawValue
        case .restoreUse: "\(rawValue):START-END=USE"
        case .offlineMemory, .unbindHmem, .bindHmem, .bindRegion, .splitDevice: "\(rawValue):START-END"
        case .restoreRegion: "\(rawValue):NAME"
        }
    }

    /// The words are the forms in which steps are written.
    static var terms: [Term] { allCases.map(Term.init) }
}

extension Term {
    /// A step as `explain` shows it.
    init(_ verb: Step.Verb) { self.init(verb.form, Step.Verb.group, verb.meaning) }

    /// The keys of a policy file that are not places.
    static let ofPolicies = [
        Term("summary", .policyKeys, "One sentence about the policy, for people."),
        Term("order", .policyKeys, "The steps, in order. Steps that change nothing on a machine are left out there."),
        Term(
            "want",
            .policyKeys,
            "The owner to set, by what covers the bytes. \"any\" means no preference; losing an owner is still a hazard."
        ),
        Term("consent", .policyKeys, "What the policy may do without asking."),
        Term(
            "offline_memory",
            .policyKeys,
            "consent: take blocking memory offline first and restore its use afterwards."
        ),
        Term("lose_regions", .policyKeys, "consent: reset the decoders of a region, whose contents are then lost."),
        Term(
            "restore_regions",
            .policyKeys,
            "consent: create regions again that were lost in this boot or that the steps remove. Removing one is then not a hazard "
                + "if it can be created again. Its contents are not promised."
        ),
    ]
}

extension Policy.Want.Place: Explained {
    package static var group: Term.Group { .policyKeys }

    package var meaning: String {
        switch self {
        case .coveredByRegion: "want: the owner of bytes that a committed ram region covers."
        case .windowOnly: "want: the owner of bytes in a CXL window without a region."
        case .outsideWindows: "want: the owner of bytes outside of every CXL window."
        }
    }
}

extension Plan.Verdict: Explained {
    package static var group: Term.Group { .verdicts }

    package var meaning: String {
        switch self {
        case .nothingToDo: "The owners are already as the policy asks."
        case .safe: "The steps lead to the owners that the policy asks for, and no hazard blocks them."
        case .accepted:
            "The steps have hazards, and all of them were accepted (--accept), so apply carries the steps out."
        case .refused: "A hazard blocks the steps, so apply changes nothing. Each hazard has a fix."
        case .uncertain: "Who owns the memory afterwards depends on a fact that is not known."
        }
    }
}

extension Health: Explained {
    package static var group: Term.Group { .health }

    package var meaning: String {
        switch self {
        case .ok: "No finding."
        case .attention: "There are only notices, or who owns the memory is not known."
        case .broken: "At least one finding of severity crash, loss or failure. `status --check` exits 4."
        }
    }
}

extension Finding.Severity: Explained {
    package static var group: Term.Group { .severities }

    package var meaning: String {
        switch self {
        case .crash: "The host can crash."
        case .loss: "Memory or its contents are lost, or stay unusable until a reboot."
        case .failure: "Something does not work as it should, but nothing is lost."
        case .notice: "Worth knowing; nothing is wrong."
        }
    }
}

extension Difference.Kind: Explained {
    package static var group: Term.Group { .differences }

    package var meaning: String {
        switch self {
        case .owner: "A range has another owner than expected."
        case .iomem: "/proc/iomem lacks an expected line, or has an unexpected one."
        case .module: "A module is in another state than expected."
        case .hold: "cxl_acpi is blocked although it should not be, or the reverse."
        case .use: "Memory is not in its previous use."
        case .region: "A region is missing, or is not committed."
        case .halfDone: "An earlier run stopped half-way. Run `daxswitch recover`."
        case .finding: "The machine has a finding of severity crash, loss or failure."
        }
    }
}

extension Diff.Kind: Explained {
    package static var group: Term.Group { .differences }

    package var meaning: String {
        switch self {
        case .kernel: "The kernel release, its rules, or what they have decided in this boot."
        case .owner: "The owner of a range."
        case .use: "The use of memory."
        case .module: "The state of a module."
        case .window: "A CXL window."
        case .region: "A CXL region."
        case .softReserved: "Soft Reserved memory."
        case .hold: "Whether cxl_acpi is blocked from loading."
        case .nextBoot: "What `persist` has written for the next boots."
        case .parameter: "A kernel parameter that affects who owns memory."
        case .modprobe: "What the host's own modprobe configuration says about a module that steps load or unload."
        case .finding: "A finding."
        case .step: "A step of a plan."
        case .hazard: "A hazard of a plan."
        case .iomem: "A line of /proc/iomem."
        }
    }
}
