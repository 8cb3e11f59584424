/// What the process may do.
enum Privilege {
    /// CAP_SYS_MODULE, include/uapi/linux/capability.h.
    private static let moduleCapability: UInt64 = 1 << 16

    /// Loading and removing modules must be allowed; better known before the first step than after it.
    static func checkModules() throws(Failure) {
        guard let effective = effectiveCapabilities, effective & moduleCapability == 0 else { return }
        throw Failure(
            .notPermitted,
            code: "not-permitted",
            "loading and removing modules needs CAP_SYS_MODULE; run as root, outside of a container"
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
