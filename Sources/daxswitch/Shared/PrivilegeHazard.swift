import LinuxSystem
import Ownership

extension Privilege {
    /// Each capability that a run needs: to load and remove modules, and to read the addresses in `/proc/iomem` and take
    /// memory offline.
    private static let needed: [(capability: Capability, name: String)] = [
        (.module, "CAP_SYS_MODULE"), (.administration, "CAP_SYS_ADMIN"),
    ]

    /// The hazard of carrying anything out without the right to; nil where it is there. Better known before the first step.
    var hazard: Hazard? {
        let missing = Self.needed.filter { lacks($0.capability) }
        if !missing.isEmpty {
            return refusal(
                missing.map(\.name).joined(separator: ", "),
                "Permission denied: this needs \(missing.map(\.name).joined(separator: " and "))",
                "run as root on the host, not in a container"
            )
        }
        // kernel/module/main.c: may_init_module() asks capable(), which counts in the initial user namespace alone.
        if let userNamespace = ownUserNamespace {
            return refusal(
                userNamespace,
                "this process is root only in its own user namespace, as in a container. The kernel does not let it load modules",
                "run as root on the host"
            )
        }
        if let pidNamespace = ownPIDNamespace {
            return refusal(
                pidNamespace,
                "this process is in its own PID namespace, as in a container. It can't see which processes of the "
                    + "host use the memory",
                "run on the host itself"
            )
        }
        return ownDirectory.map { directory in
            refusal(
                directory,
                "\(directory) is not the directory that process 1 sees there, as in a container or chroot. "
                    + "modprobe, udev and other daxswitch processes would not see the hold and the lock",
                "run on the host itself"
            )
        }
    }

    /// The hazard of persisting a choice from here; nil if the files written are those that the host boots with.
    var hazardOfPersisting: Hazard? {
        if let place = ownUserNamespace ?? ownPIDNamespace ?? ownDirectory {
            return refusal(
                place,
                "this process is in a container or a chroot (\(place) is not the host's). The host would not boot with "
                    + "the files that it writes",
                "run on the host itself"
            )
        }
        if lacks(.administration) {
            return refusal(
                "CAP_SYS_ADMIN",
                "writing the configuration of the next boot needs root (CAP_SYS_ADMIN)",
                "run as root on the host"
            )
        }
        guard !isRootKnown else { return nil }
        return refusal(
            "/proc/1/root",
            "/proc/1/root can't be read, so this may be a chroot. The host would not boot with files written there",
            "run as root on the host itself, with /proc mounted and CAP_SYS_PTRACE"
        )
    }

    private func refusal(_ subject: String, _ why: String, _ fix: String) -> Hazard {
        Hazard(id: .notPermitted, subject: subject, why: why, fix: fix)
    }
}
