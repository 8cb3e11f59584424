/// Major and minor number of a kernel release.
struct KernelVersion: Comparable {
    let major: Int
    let minor: Int

    /// 6.3, the first with dax_cxl and with regions of ram.
    static let firstRegions = KernelVersion(major: 6, minor: 3)
    /// 7.0, the first that prints no Soft Reserved lines on x86 (commit bc62f5b308cb).
    static let hiding = KernelVersion(major: 7, minor: 0)
    /// 7.1, the first with the coordination.
    static let coordinating = KernelVersion(major: 7, minor: 1)

    init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// The first two numbers of `7.3.4+deb13-amd64`; nil where the release does not begin with two numbers.
    init?(_ release: String) {
        let parts = release.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, let major = Int(parts[0]), let minor = Int(parts[1].prefix(while: \.isASCIIDigit))
        else {
            return nil
        }
        self.init(major: major, minor: minor)
    }

    static func < (left: KernelVersion, right: KernelVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}
