import Ownership

/// What the process may do.
enum Privilege {
    /// CAP_SYS_MODULE, include/uapi/linux/capability.h.
    private static let moduleCapability: UInt64 = 1 << 16

    /// The hazard of carrying anything out without the right to; nil where it is there. Better known before the first step.
    static var hazard: Hazard? {
        guard let effective = effectiveCapabilities, effective & moduleCapability == 0 else { return nil }
        return Hazard(
            id: .notPermitted,
            severity: .failure,
            subject: "CAP_SYS_MODULE",
            why: "loading and removing modules needs CAP_SYS_MODULE, which this process has not",
            wayOut: "run as root, outside of a container"
        )
    }

    /// `CapEff` of this process; nil where it can't be read.
    private static var effectiveCapabilities: UInt64? {
        guard let text = try? FileText.read("/proc/self/status"),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("CapEff:") })
        else { return nil }
        return UInt64(line.dropFirst("CapEff:".count).filter { !$0.isWhitespace }, radix: 16)
    }
}
