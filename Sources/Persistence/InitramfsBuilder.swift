/// What makes the initramfs of this system.
package enum InitramfsBuilder: String, Sendable, CaseIterable {
    /// Debian's default, `update-initramfs`.
    case initramfsTools = "initramfs-tools"
    /// `dracut`.
    case dracut

    /// The command that makes all images anew: any kernel may be booted next.
    package var command: [String] {
        switch self {
        case .initramfsTools: ["/usr/sbin/update-initramfs", "-u", "-k", "all"]
        case .dracut: ["/usr/bin/dracut", "--regenerate-all", "--force"]
        }
    }

    /// The builder among the programs for which `exists` holds.
    ///
    /// dracut's Debian package brings an `update-initramfs` of its own: only with `mkinitramfs` it is initramfs-tools.
    package static func find(_ exists: (String) -> Bool) -> InitramfsBuilder? {
        if exists("/usr/sbin/update-initramfs") && exists("/usr/sbin/mkinitramfs") { return .initramfsTools }
        return exists("/usr/bin/dracut") ? .dracut : nil
    }
}
