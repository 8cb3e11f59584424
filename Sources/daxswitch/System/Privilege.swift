import Glibc
import Ownership

/// What the process may do.
struct Privilege {
    /// `CapEff` of `/proc/self/status`; nil where it can't be read.
    let capabilities: UInt64?
    /// Where `/proc/self/ns/user` leads; nil where it can't be read.
    let userNamespace: String?

    /// Each with its bit (include/uapi/linux/capability.h) and what needs it.
    private static let needed: [(name: String, bit: UInt64, purpose: String)] = [
        ("CAP_SYS_MODULE", 1 << 16, "loading and removing modules"),
        ("CAP_SYS_ADMIN", 1 << 21, "reading the addresses in /proc/iomem and giving memory back"),
    ]

    /// PROC_USER_INIT_INO, include/linux/proc_ns.h.
    private static let initialUserNamespace = "user:[4026531837]"

    /// The hazard of carrying anything out without the right to; nil where it is there. Better known before the first step.
    static var hazard: Hazard? {
        let text = try? FileText.read("/proc/self/status")
        let line = text?.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        return Privilege(
            capabilities: line.flatMap { UInt64($0.dropFirst("CapEff:".count).filter { !$0.isWhitespace }, radix: 16) },
            userNamespace: FileText.linkTarget("/proc/self/ns/user")
        ).hazard
    }

    /// What is missing.
    var hazard: Hazard? {
        let missing = Self.needed.filter { capability in capabilities.map { $0 & capability.bit == 0 } ?? false }
        if !missing.isEmpty {
            return Hazard(
                id: .notPermitted,
                severity: .failure,
                subject: missing.map(\.name).joined(separator: ", "),
                why: missing.map { "\($0.purpose) needs \($0.name)" }.joined(separator: ", ")
                    + ": this process has not got it",
                wayOut: "run as root, outside of a container"
            )
        }
        // kernel/module/main.c: may_init_module() asks capable(), which counts in the initial user namespace alone.
        guard let userNamespace, userNamespace != Self.initialUserNamespace else { return nil }
        return Hazard(
            id: .notPermitted,
            severity: .failure,
            subject: userNamespace,
            why:
                "this process is root in a user namespace of its own, as in a container: the kernel lets it load no module",
            wayOut: "run as root of the host"
        )
    }
}
