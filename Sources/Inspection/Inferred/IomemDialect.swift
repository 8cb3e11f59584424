internal import Iomem
internal import Machine

// What `/proc/iomem` tells of the generation, where the features of the modules leave several.
extension GenerationInference {
    /// What the lines of `/proc/iomem` say, with the release where they leave two possible.
    ///
    /// - Parameter mayBeVendors: A vendor's kernel (all-or-nothing) is possible, too. It has the lines of the ranges that
    ///   dax_hmem holds, and no others.
    func dialect(mayBeVendors: Bool) -> Inferred<Generation?> {
        let file = "/proc/iomem"
        let release = KernelVersion(state.kernel.release)
        let named =
            state.kernel.release == Kernel.unknownRelease
            ? "the kernel release is not known" : "/proc/sys/kernel/osrelease is \(state.kernel.release)"
        if state.kernel.showsSoftReserved {
            let isReleaseKnown = state.kernel.release != Kernel.unknownRelease
            if let release, release >= .coordinating {
                // Only x86 stopped to print the lines.
                return Inferred(
                    nil,
                    evidence: ["\(file) has Soft Reserved lines and \(named): both rules are possible."]
                )
            }
            if let line = state.iomem.entries(where: { $0.isNumbered("hmem.") }).first {
                return Inferred(.hmemOnly, evidence: ["\(file) has \(line.name) over a Soft Reserved line."])
            }
            guard isReleaseKnown else {
                return Inferred(
                    nil,
                    evidence: ["\(file) has Soft Reserved lines, and the kernel release is not known."]
                )
            }
            let lines = "\(file) has Soft Reserved lines and no hmem.N over them"
            guard mayBeVendors else { return Inferred(.deferring, evidence: ["\(lines)."]) }
            let held = state.daxDevices.filter { $0.owner == .hmem }.flatMap(\.ranges)
            let line = state.iomem.entries { $0 == "Soft Reserved" }.map(\.range).first { line in
                !held.contains { $0.overlaps(line) }
            }
            if let line {
                return Inferred(.deferring, evidence: ["\(lines), that of \(line) without a device of dax_hmem."])
            }
            if isNamedByVendor {
                return Inferred(nil, evidence: ["\(lines), and \(named): a vendor's kernel looks the same."])
            }
            return Inferred(.deferring, evidence: ["\(lines), and \(named)."])
        }
        guard let range = state.softReserved.first, let source = range.sources.first else {
            return Inferred(nil, evidence: ["\(file) has no Soft Reserved line, and no Soft Reserved range is known."])
        }
        let hidden = "\(file) has no Soft Reserved line, but \(source) has \(range.range): 7.0 or later;"
        guard let release, release >= .hiding else {
            return Inferred(nil, evidence: ["\(hidden) but \(named), so this proves nothing."])
        }
        let isCoordinated = release >= .coordinating
        guard isCoordinated || !mayBeVendors || isPlainRelease else {
            return Inferred(nil, evidence: ["\(hidden) \(named): a vendor's kernel of that release looks the same."])
        }
        return Inferred(
            isCoordinated ? .coordinated : .deferring,
            evidence: [
                "\(hidden) \(named). The missing line and this release together show \(isCoordinated ? "7.1 or later" : "7.0")."
            ]
        )
    }

    /// The release names the vendor. That is no mark: other kernels of that vendor follow the upstream rules.
    private var isNamedByVendor: Bool { state.kernel.release.contains("nvidia") }

    /// The release has nothing but numbers, as kernels have that nobody packages.
    private var isPlainRelease: Bool { state.kernel.release.allSatisfy { $0.isASCIIDigit || $0 == "." } }
}
