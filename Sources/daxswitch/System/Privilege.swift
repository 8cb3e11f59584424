import Glibc
import Ownership

/// What the process may do, and whether it sees the host.
struct Privilege {
    /// `CapEff` of `/proc/self/status`; nil where it can't be read.
    let capabilities: UInt64?
    /// Where `/proc/self/ns/user` leads; nil where it can't be read.
    let userNamespace: String?
    /// Where `/proc/self/ns/pid` leads; nil where it can't be read.
    var pidNamespace: String?
    /// A directory that the host's programs have to share with us and that is another one for process 1; nil where there
    /// is none, or none that can be told.
    var ownDirectory: String?

    /// Each with its bit (include/uapi/linux/capability.h) and what needs it.
    private static let needed: [(name: String, bit: UInt64, purpose: String)] = [
        ("CAP_SYS_MODULE", 1 << 16, "loading and removing modules"),
        ("CAP_SYS_ADMIN", 1 << 21, "reading the addresses in /proc/iomem and giving memory back"),
    ]

    /// PROC_USER_INIT_INO and PROC_PID_INIT_INO, include/linux/proc_ns.h.
    private static let initialUserNamespace = "user:[4026531837]"
    private static let initialPIDNamespace = "pid:[4026531836]"

    /// The hazard of carrying anything out without the right to; nil where it is there. Better known before the first step.
    static var hazard: Hazard? {
        let text = try? FileText.read("/proc/self/status")
        let line = text?.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        return Privilege(
            capabilities: line.flatMap { UInt64($0.dropFirst("CapEff:".count).filter { !$0.isWhitespace }, radix: 16) },
            userNamespace: FileText.linkTarget("/proc/self/ns/user"),
            pidNamespace: FileText.linkTarget("/proc/self/ns/pid"),
            ownDirectory: ["/", "/run"].first { isOther($0, than: "/proc/1/root\($0)") }
        ).hazard
    }

    /// Whether two paths lead to different directories. A mount namespace of our own is no reason to refuse: that is how
    /// systemd makes a unit's file systems read-only, and they are the same ones all the same.
    static func isOther(_ path: String, than second: String) -> Bool {
        var (ours, theirs) = (stat(), stat())
        guard unsafe stat(path, &ours) == 0, unsafe stat(second, &theirs) == 0 else { return false }
        return ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino
    }

    /// What is missing.
    var hazard: Hazard? {
        let missing = Self.needed.filter { capability in capabilities.map { $0 & capability.bit == 0 } ?? false }
        if !missing.isEmpty {
            return refusal(
                missing.map(\.name).joined(separator: ", "),
                missing.map { "\($0.purpose) needs \($0.name)" }.joined(separator: ", ")
                    + ": this process has not got it",
                "run as root, outside of a container"
            )
        }
        // kernel/module/main.c: may_init_module() asks capable(), which counts in the initial user namespace alone.
        if let userNamespace, userNamespace != Self.initialUserNamespace {
            return refusal(
                userNamespace,
                "this process is root in a user namespace of its own, as in a container: the kernel lets it load no module",
                "run as root of the host"
            )
        }
        if let pidNamespace, pidNamespace != Self.initialPIDNamespace {
            return refusal(
                pidNamespace,
                "this process is in a PID namespace of its own, as in a container: it does not see which processes of the "
                    + "host use the memory",
                "run on the host itself"
            )
        }
        return ownDirectory.map { directory in
            refusal(
                directory,
                "\(directory) is not the directory that process 1 has there, as in a container or after chroot: neither "
                    + "modprobe nor udev nor another daxswitch would see the hold and the lock",
                "run on the host itself"
            )
        }
    }

    private func refusal(_ subject: String, _ why: String, _ wayOut: String) -> Hazard {
        Hazard(id: .notPermitted, severity: .failure, subject: subject, why: why, wayOut: wayOut)
    }
}
