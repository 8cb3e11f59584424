/// What makes the initramfs of this system.
package enum InitramfsBuilder: String, Sendable, CaseIterable {
    /// Debian's default, `update-initramfs`.
    case initramfsTools = "initramfs-tools"
    /// `dracut`.
    case dracut

    /// The command that builds all images again: any kernel may be booted next.
    package var command: [String] {
        switch self {
        case .initramfsTools: ["/usr/sbin/update-initramfs", "-u", "-k", "all"]
        case .dracut: ["/usr/bin/dracut", "--regenerate-all", "--force"]
        }
    }

    /// The commands that list an image whose path follows, as `ls -l` does: each builder's package has its own.
    static let listings = [["/usr/bin/lsinitramfs", "-l"], ["/usr/bin/lsinitrd"]]

    /// The programs by which `find` tells the builder.
    static let programs = ["/usr/sbin/update-initramfs", "/usr/sbin/mkinitramfs", "/usr/bin/dracut"]

    /// The builder among the programs for which `exists` holds.
    ///
    /// dracut's Debian package has its own `update-initramfs`: only with `mkinitramfs` it is initramfs-tools.
    package static func find(_ exists: (String) -> Bool) -> InitramfsBuilder? {
        if exists("/usr/sbin/update-initramfs") && exists("/usr/sbin/mkinitramfs") { return .initramfsTools }
        return exists("/usr/bin/dracut") ? .dracut : nil
    }
}

/// The images of the initramfs that are known. Pure.
package struct InitramfsImages: Sendable, Equatable {
    /// What tells each from the one that was there before, by its path.
    package let stamps: [String: ImageStamp]

    /// No image is known: there may be one elsewhere, as in a unified kernel image.
    package var isEmpty: Bool { stamps.isEmpty }

    /// The images that were written since there were those of `before`.
    package func written(since before: [String: ImageStamp]) -> [String] {
        stamps.filter { $0.value != before[$0.key] }.keys.sorted()
    }

    /// Where an image of a kernel that the modules below `/lib/modules/RELEASE` are for can lie: what initramfs-tools and
    /// dracut write, and the boot loader specification's directories, one for each of `tokens`.
    ///
    /// Other images are made by no builder: what DKMS puts aside (`initrd.img-RELEASE.old-dkms`), rescue images.
    static func places(release: String, tokens: [String]) -> [String] {
        ["/boot/initrd.img-\(release)", "/boot/initramfs-\(release).img", "/lib/modules/\(release)/initrd"]
            + tokens.map { "\($0)/\(release)/initrd" }
    }

    /// Where the boot loader specification has its directories.
    static let bootDirectories = ["/efi", "/boot", "/boot/efi"]
}
