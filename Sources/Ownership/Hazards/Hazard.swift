/// Something that would crash the host, lose memory, or make the steps pointless.
package struct Hazard: Sendable, Equatable, Hashable {
    /// Which kind; the raw value is the id in the documents.
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
        /// A pmem region stands without its nvdimm bridge when `cxl_pmem` comes in.
        case pmemWithoutBridge = "pmem-without-bridge"
        /// Loading dax_hmem brings `cxl_acpi` back.
        case selfUndoing = "self-undoing"
        /// The outcome depends on a race or on a fact that can't be read.
        case nondeterministic
        /// The order does not bring the owner that the policy wants.
        case wantUnmet = "want-unmet"
        /// The kernel refuses a step.
        case stepRefused = "step-refused"
        /// A module that a step removes is part of the kernel image.
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
    package enum Severity: String, Sendable {
        /// The host can crash.
        case crash
        /// Memory or its contents are lost until a reboot.
        case loss
        /// Nothing breaks, but the step can't do what it should.
        case failure
    }

    /// Which kind.
    package let id: Identifier
    /// How bad.
    package let severity: Severity
    /// The region, device, range, module or process concerned.
    package let subject: String
    /// What would happen, and why.
    package let why: String
    /// What to do instead.
    package let wayOut: String

    /// A hazard.
    package init(id: Identifier, severity: Severity, subject: String, why: String, wayOut: String) {
        self.id = id
        self.severity = severity
        self.subject = subject
        self.why = why
        self.wayOut = wayOut
    }

    /// Whether `--accept` may name it: only where the host survives the outcome.
    package static let acceptable: Set<Identifier> = [
        .regionLost, .deviceOpen, .orphanedRange, .unbindable, .nondeterministic,
    ]
}
