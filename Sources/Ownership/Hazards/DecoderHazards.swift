import Iomem
import Machine

// Memory that no decoder answers for: onlining it crashes the kernel.
extension StepHazards {
    /// What dax_hmem takes between `world` and `after` that is not decoded, or may not be.
    func decoderHazards(before world: KernelModel, _ after: KernelModel) -> [Hazard] {
        let taken = after.claims.filter { $0.owner == .hmem && !world.claims.contains($0) }.flatMap(\.ranges)
        let standing = after.regions.filter { $0.isPresent && $0.committed }.map(\.range)
        return taken.flatMap { range in
            let dead = after.undecoded.compactMap(range.intersection).merged()
            let doubtful = after.maybeUndecoded.compactMap(range.intersection).merged()
                .flatMap { $0.subtracting(dead + standing) }
            return (dead.isEmpty ? [] : [undecoded(dead)]) + (doubtful.isEmpty ? [] : [maybeUndecoded(doubtful)])
        }
    }

    private func undecoded(_ bytes: [AddressRange]) -> Hazard {
        let subject = bytes.map(\.description).joined(separator: ", ")
        return Hazard(
            id: .undecodedRange,
            subject: subject,
            why: "dax_hmem takes \(subject), which no CXL decoder answers for: onlining it crashes the kernel",
            wayOut: isLostHere(bytes)
                ? "as for region-lost: keep cxl_acpi out from the start, by daxswitch persist hmem and a reboot"
                : "commit a region over it (cxl create-region), or leave it to CXL"
        )
    }

    /// Whether the bytes were decoded until the order itself took their region away.
    private func isLostHere(_ dead: [AddressRange]) -> Bool {
        let atStart = machine.regions.filter(\.committed).compactMap(\.range)
        return dead.allSatisfy { bytes in atStart.contains { $0.overlaps(bytes) } }
    }

    /// The decoders are out of sight, and somebody may have had them reset.
    private func maybeUndecoded(_ bytes: [AddressRange]) -> Hazard {
        let subject = bytes.map(\.description).joined(separator: ", ")
        let why = ([machine.whyDecodersAreUnseen].compactMap { $0 } + machine.decodersAsAtBoot.evidence)
            .joined(separator: "; ")
        return Hazard(
            id: .undecodedRange,
            subject: subject,
            why:
                "dax_hmem takes \(subject), and it may be that no CXL decoder answers for it any more, since none is seen "
                + "(\(why)): onlining it would crash the kernel",
            wayOut: wayToSeeDecoders
        )
    }

    private var wayToSeeDecoders: String {
        if machine.missingCxlDriver == nil {
            return "reboot with cxl_acpi kept out (daxswitch persist hmem): no driver then touches the decoders"
        }
        return machine.isHeld
            ? "reboot: the decoders are then as the firmware leaves them"
            : "let the decoders be seen (modprobe -a cxl_acpi cxl_pci cxl_mem) and plan anew, or reboot"
    }
}
