package import Iomem

/// Something that would crash the host, lose memory, or make the steps pointless.
package struct Hazard: Sendable, Equatable, Hashable {
    /// Which kind.
    package let id: Identifier
    /// The region, device, range, module or process concerned.
    package let subject: String
    /// What would happen, and why.
    package let why: String
    /// What to do instead.
    package let fix: String

    /// The bytes concerned, inclusive ends; none where it is about no bytes. Not in documents, where the subject tells them.
    package let ranges: [AddressRange]
    /// The hazard that this one follows from; nil where it is a cause itself.
    package var cause: Name?

    /// A hazard.
    package init(id: Identifier, subject: String, ranges: [AddressRange] = [], why: String, fix: String) {
        self.id = id
        self.subject = subject
        self.ranges = ranges
        self.why = why
        self.fix = fix
    }

    /// What tells the hazards of one plan apart.
    package struct Name: Sendable, Hashable {
        package let id: Identifier
        package let subject: String
    }

    /// Its kind and its subject.
    package var name: Name { Name(id: id, subject: subject) }

    package static func == (left: Hazard, right: Hazard) -> Bool {
        left.name == right.name && left.why == right.why && left.fix == right.fix && left.cause == right.cause
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(why)
    }

    /// How bad, which its kind says.
    package var severity: Severity { id.severity }
}

extension Hazard {
    /// Which kind; the raw value is the id in the documents. What is so for every hazard of a kind is in `facts`, and
    /// nowhere else.
    package enum Identifier: String, Sendable, CaseIterable {
        /// A driver goes while its memory blocks are online.
        case memoryOnline = "memory-online"
        /// `cxl_acpi` goes while memory in its windows is online.
        case decodeUnderLiveMemory = "decode-under-live-memory"
        /// A region's decoders are reset with `cxl_acpi`.
        case regionLost = "region-lost"
        /// dax_hmem takes a range that nothing decodes.
        case undecodedRange = "undecoded-range"
        /// A process has the device open or mapped.
        case deviceOpen = "device-open"
        /// No driver owns the range afterwards.
        case orphanedRange = "orphaned-range"
        /// The owner holds the bytes but no driver can bind.
        case unbindable
        /// Two devices over the same bytes.
        case doubleClaim = "double-claim"
        /// A pmem region goes with `cxl_acpi`.
        case pmemInUse = "pmem-in-use"
        /// A pmem region stands without its nvdimm bridge when `cxl_pmem` is loaded.
        case pmemWithoutBridge = "pmem-without-bridge"
        /// Loading dax_hmem loads `cxl_acpi` again.
        case selfUndoing = "self-undoing"
        /// The outcome depends on a race or on a fact that can't be read.
        case nondeterministic
        /// The order does not lead to the owner that the policy wants.
        case wantUnmet = "want-unmet"
        /// The kernel refuses a step.
        case stepRefused = "step-refused"
        /// A module that a step removes is part of the kernel image, and its driver can't be unbound.
        case builtin
        /// `/proc/sys/kernel/modules_disabled` is 1.
        case modulesDisabled = "modules-disabled"
        /// Kernel lockdown forbids the step.
        case lockdown
        /// The process lacks a privilege.
        case notPermitted = "not-permitted"
        /// The kernel can't remove memory.
        case noHotremove = "no-hotremove"
    }

    /// How bad it is.
    package enum Severity: String, Sendable, CaseIterable {
        /// The host can crash.
        case crash
        /// Memory or its contents are lost until a reboot.
        case loss
        /// Nothing breaks, but the step can't do what it should.
        case failure
    }

    /// What a hazard is about.
    package enum Scope: Sendable {
        /// One step, as it is done: to be looked for again right before it.
        case step
        /// Where all steps end. Half-way it has no meaning: the owners there are compared with those that were planned.
        case outcome
    }
}

extension Hazard.Identifier {
    /// How bad it is.
    package var severity: Hazard.Severity { facts.severity }
    /// Whether it is about a step or about the end of all.
    package var scope: Hazard.Scope { facts.scope }
    /// Whether `--accept` may name it: only if the host survives the outcome.
    package var isAcceptable: Bool { facts.isAcceptable }
    /// The kinds that `--accept` may name.
    package static let acceptable: [Hazard.Identifier] = allCases.filter(\.isAcceptable)
    /// What the hazard means in general; a plan has the case at hand and its fix.
    package var meaning: String { facts.meaning }

    /// What is so for every hazard of one kind.
    private struct Facts {
        let severity: Hazard.Severity
        let scope: Hazard.Scope
        let isAcceptable: Bool
        let meaning: String

        init(_ severity: Hazard.Severity, _ scope: Hazard.Scope, isAcceptable: Bool = false, _ meaning: String) {
            self.severity = severity
            self.scope = scope
            self.isAcceptable = isAcceptable
            self.meaning = meaning
        }
    }

    private var facts: Facts {
        switch self {
        case .memoryOnline:
            Facts(
                .loss,
                .step,
                "A driver is unloaded or unbound while memory blocks of its device are online. The kernel allows it, but the memory is "
                    + "stuck until a reboot."
            )
        case .decodeUnderLiveMemory:
            Facts(
                .crash,
                .step,
                "cxl_acpi is unloaded while memory in its windows is online. The decoders of memory in use are reset, and "
                    + "the kernel panics."
            )
        case .regionLost:
            Facts(
                .loss,
                .step,
                isAcceptable: true,
                "Unloading cxl_acpi resets the decoders of a region. Its memory can't be reached any longer, and the region "
                    + "does not come back by itself. The contents of a ram region are lost; the data of a pmem region stays on "
                    + "the memory devices. `daxswitch apply cxl` creates a ram region again if it can, with --regions-from "
                    + "CAPTURE if no apply has recorded it. For a pmem region `daxswitch status` shows the command."
            )
        case .undecodedRange:
            Facts(
                .crash,
                .step,
                "dax_hmem takes a range that no decoder maps, or whose decoder is no longer visible after cxl_acpi was loaded, or (with an "
                    + "HMAT) an SRAT range that is larger than its memory. If it goes online, the kernel crashes."
            )
        case .deviceOpen:
            Facts(
                .loss,
                .step,
                isAcceptable: true,
                "A process has the dax device open or mapped. It is killed by SIGBUS at its next access to mapped memory."
            )
        case .orphanedRange:
            Facts(
                .loss,
                .outcome,
                isAcceptable: true,
                "A driver owns the range now. No driver would own it afterwards."
            )
        case .unbindable:
            Facts(
                .failure,
                .outcome,
                isAcceptable: true,
                "The range has an owner but can't be used: a region or window boundary splits it in /proc/iomem, or it includes "
                    + "memory of the kernel. No driver can bind (EBUSY)."
            )
        case .doubleClaim:
            Facts(
                .loss,
                .outcome,
                "dax_hmem and dax_cxl would both have a device over the bytes. Two drivers could use the same memory."
            )
        case .pmemInUse:
            Facts(
                .loss,
                .step,
                "A pmem region would be removed with cxl_acpi while one of its namespaces is active, mounted or not."
            )
        case .pmemWithoutBridge:
            Facts(
                .crash,
                .step,
                "A pmem region was assembled while cxl_pmem was not loaded, so it has no nvdimm bridge. When cxl_pmem is "
                    + "loaded later, by udev or by hand, the kernel crashes."
            )
        case .selfUndoing:
            Facts(
                .failure,
                .step,
                "Loading dax_hmem loads cxl_acpi again, which an earlier step of the order unloaded."
            )
        case .nondeterministic:
            Facts(
                .failure,
                .outcome,
                isAcceptable: true,
                "The owner of the range depends on a race, or on a fact that can't be read."
            )
        case .wantUnmet: Facts(.failure, .outcome, "The order does not lead to the owner that the policy asks for.")
        case .stepRefused: Facts(.failure, .step, "The kernel refuses a step at its place in the order.")
        case .builtin:
            Facts(
                .failure,
                .step,
                "A step unloads a module that is built into the kernel, and its driver can't be unbound."
            )
        case .modulesDisabled:
            Facts(
                .failure,
                .step,
                "/proc/sys/kernel/modules_disabled is 1. No module can be loaded or unloaded until a reboot."
            )
        case .lockdown: Facts(.failure, .step, "Kernel lockdown forbids loading a module that is not signed.")
        case .notPermitted:
            Facts(
                .failure,
                .step,
                "The process lacks a privilege that the step needs: CAP_SYS_MODULE or CAP_SYS_ADMIN."
            )
        case .noHotremove:
            Facts(
                .failure,
                .step,
                "The kernel can't remove memory (CONFIG_MEMORY_HOTREMOVE), so online memory can't change its driver."
            )
        }
    }
}
