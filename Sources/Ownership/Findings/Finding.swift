package import Iomem
package import Machine

/// What is wrong, or worth knowing, about a machine as it is now.
package struct Finding: Sendable, Equatable {
    /// Which kind.
    package let id: Identifier
    /// The region, device, range, module or file concerned.
    package let subject: String
    /// The bytes concerned, inclusive ends; none where it is about no bytes.
    package let ranges: [AddressRange]
    /// What is so, in one or two sentences.
    package let what: String
    /// The files with their values, and the kernel's own lines, one each.
    package let evidence: [String]
    /// What to do about it.
    package let fix: String

    /// A finding.
    package init(
        _ id: Identifier,
        subject: String,
        ranges: [AddressRange] = [],
        what: String,
        evidence: [String],
        fix: String
    ) {
        self.id = id
        self.subject = subject
        self.ranges = ranges
        self.what = what
        self.evidence = evidence
        self.fix = fix
    }

    /// How severe, which its kind says.
    package var severity: Severity { id.severity }

    /// How severe a finding is, the most severe first.
    package enum Severity: String, Sendable, CaseIterable, Comparable {
        /// The host can crash.
        case crash
        /// Memory is lost, until a reboot or for as long as nothing is done.
        case loss
        /// Something does not do what it should.
        case failure
        /// Worth knowing.
        case notice

        /// The most severe first.
        package static func < (left: Severity, right: Severity) -> Bool { left.order < right.order }

        private var order: Int { Severity.allCases.firstIndex(of: self) ?? 0 }
    }

    /// Which kind; the raw value is the id in the documents.
    package enum Identifier: String, Sendable, CaseIterable {
        /// Two dax devices over the same bytes.
        case doubleClaim = "double-claim"
        /// A dax_hmem device, or online memory, over bytes that no decoder, or no memory at all, answers for.
        case undecoded
        /// A ram region without a dax region.
        case regionNotAssembled = "region-not-assembled"
        /// Bytes that no driver owns.
        case noOwner = "no-owner"
        /// kmem memory without a device.
        case leaked
        /// A region of this boot is gone.
        case regionLost = "region-lost"
        /// Owned, but no driver can bind.
        case unbindable
        /// A driver failed on the device.
        case driverRefused = "driver-refused"
        /// An unfinished journal.
        case halfDone = "half-done"
        /// A window's bytes are ordinary memory from boot.
        case firmwareSystemRAM = "firmware-system-ram"
        /// The kernel leaves no memory to drivers.
        case softReserveOff = "soft-reserve-off"
        /// dax_hmem holds the memory of a committed region.
        case hmemOverRegion = "hmem-over-region"
        /// Bytes that no memory block can hold.
        case capacityLost = "capacity-lost"
        /// Memory goes online by itself.
        case autoOnline = "auto-online"
        /// `cxl_acpi` is kept out.
        case held
    }
}

extension Finding.Identifier {
    /// How severe it is.
    package var severity: Finding.Severity { facts.severity }
    /// What such a finding means in general.
    package var meaning: String { facts.meaning }

    private var facts: (severity: Finding.Severity, meaning: String) {
        switch self {
        case .doubleClaim:
            (.crash, "Two dax devices cover the same bytes. Two drivers can then use the same memory and corrupt it.")
        case .undecoded:
            (
                .crash,
                "A dax_hmem device, or online memory, covers bytes without memory: bytes of a CXL window that no decoder maps, or (with an "
                    + "HMAT) the part of an SRAT range beyond its memory. The kernel crashes when it uses them."
            )
        case .regionNotAssembled:
            (.loss, "A ram region has no dax region, so its memory can't be used. The kernel log has the reason.")
        case .noOwner: (.loss, "No driver owns the bytes, so they can't be used.")
        case .leaked:
            (
                .loss,
                "kmem added the memory, but its device is gone. The memory can't be used by another driver until a reboot."
            )
        case .regionLost:
            (
                .loss,
                "A region that was committed in this boot is gone. Its decoders were reset. It does not come back by itself. "
                    + "`daxswitch apply cxl` creates a ram region again if it can, with --regions-from CAPTURE if no apply has "
                    + "recorded it. For a pmem region `daxswitch status` shows the command."
            )
        case .unbindable:
            (
                .failure,
                "A device owns the bytes, but a region or window boundary splits them in /proc/iomem, or (with an HMAT) they include "
                    + "memory of the kernel. No driver can reserve them (EBUSY)."
            )
        case .driverRefused: (.failure, "A driver failed on the device. The kernel log has the reason.")
        case .halfDone:
            (
                .failure,
                "A run of daxswitch stopped before its end. Run `daxswitch recover`, which finishes or undoes it."
            )
        case .firmwareSystemRAM:
            (
                .notice,
                "The bytes of a CXL window are ordinary System RAM since boot: the firmware did not mark them \"specific "
                    + "purpose\". No driver can own them."
            )
        case .softReserveOff:
            (.notice, "The kernel ignores the firmware's \"specific purpose\" mark, so all memory is System RAM.")
        case .hmemOverRegion:
            (.notice, "dax_hmem owns memory that a committed CXL region covers. CXL could own it.")
        case .capacityLost:
            (
                .notice,
                "Memory is added in whole memory blocks. Bytes before the first or after the last whole block are not used."
            )
        case .autoOnline:
            (
                .notice,
                "New memory goes online by itself. Memory in zone Normal often can't go offline again. Then no other "
                    + "driver can own it."
            )
        case .held: (.notice, "Something keeps cxl_acpi from being loaded, so CXL owns nothing.")
        }
    }
}

/// The health of a machine, by its most severe finding; the raw value is the word in the JSON documents.
package enum Health: String, Sendable, CaseIterable {
    /// Nothing was found.
    case ok
    /// There are notices, or it is not known who owns memory.
    case attention
    /// Something is broken: a finding of severity crash, loss or failure.
    case broken

    /// The health of `machine`, which has these findings. Where no owner is known, nothing tells that all is well.
    package init(_ findings: [Finding], of machine: MachineState) {
        if findings.isEmpty {
            self = ownedRanges(of: machine).allSatisfy(\.isOwnerKnown) ? .ok : .attention
        } else {
            self = findings.contains { $0.severity != .notice } ? .broken : .attention
        }
    }
}
