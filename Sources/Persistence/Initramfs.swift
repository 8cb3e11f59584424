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

/// The images of the initramfs that are known, with their times. Pure.
package struct InitramfsImages: Sendable, Equatable {
    /// When each was written, by its path; nanoseconds since 1970.
    package let written: [String: Int]
    /// When something in `/etc/modprobe.d` was made, replaced or removed last; nil where there is no such directory.
    package let configurationChanged: Int?

    /// The images and the configuration that they are to have.
    package init(written: [String: Int], configurationChanged: Int?) {
        self.written = written
        self.configurationChanged = configurationChanged
    }

    /// No image is known: there may be one elsewhere, as in a unified kernel image.
    package var isEmpty: Bool { written.isEmpty }

    /// The images that are older than the configuration.
    package var stale: [String] {
        guard let configurationChanged else { return [] }
        return written.filter { Self.end(of: $0.value) < configurationChanged }.keys.sorted()
    }

    /// The images that were written since there were those of `before`, which has their times by their paths.
    package func written(since before: [String: Int]) -> [String] {
        written.filter { $0.value != before[$0.key] }.keys.sorted()
    }

    /// The last moment that a time can stand for: FAT, as on the EFI system partition, has even seconds only.
    private static func end(of time: Int) -> Int {
        let step = 2_000_000_000
        return time % step == 0 ? time + step - 1 : time
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
