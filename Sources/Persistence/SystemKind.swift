import LinuxSystem

/// Whether what is written below `/etc` will be there at the next boot, from the mount table and the files of image systems. Pure.
package struct SystemKind: Sendable, Equatable {
    /// Why it will not; nil where it will.
    package let obstacle: String?
    /// The kind of image that the system is; nil if it is not an image, or an unknown one.
    package let image: ImageSystem?

    /// From the texts of `/proc/self/mountinfo` (proc_pid_mountinfo(5)) and os-release(5), and which files are there.
    package init(mountinfo: String, osRelease: String = "", exists: (String) -> Bool) {
        let image = ImageSystem.find(osRelease: osRelease, exists)
        self.image = image
        obstacle = image?.obstacle ?? MountTable(mountinfo).obstacle(below: "/etc/modprobe.d", exists)
    }
}

/// A system that is made from an image or from a description: what is put on its kernel command line is put there by its own tool.
package enum ImageSystem: Sendable, Equatable {
    /// An ostree with rpm-ostree, or without any tool of its own.
    case ostree(hasBootc: Bool)
    /// An ostree with bootc alone.
    case bootc
    /// Fedora CoreOS and its relatives, made by Ignition.
    case coreOS
    /// NixOS.
    case nixOS
    /// SLE Micro, openSUSE MicroOS: `/etc` lasts, the root file system changes in snapshots.
    case transactional
    /// Ubuntu Core.
    case ubuntuCore

    /// The files by which `find` tells the kind, beside os-release(5).
    static let files = [
        "/run/ostree-booted", "/usr/bin/bootc", "/usr/bin/rpm-ostree", "/usr/sbin/transactional-update",
    ]

    static func find(osRelease: String, _ exists: (String) -> Bool) -> ImageSystem? {
        let value = { (key: String) in
            osRelease.lines.last { $0.hasPrefix("\(key)=") }.map { line in
                line.dropFirst(key.utf8.count + 1).filter { $0 != "\"" && $0 != "'" }
            } ?? ""
        }
        switch value("ID") {
        case "nixos": return .nixOS
        case "ubuntu-core": return .ubuntuCore
        case "rhcos", "scos": return .coreOS
        default: break
        }
        if exists("/run/ostree-booted") {
            if value("VARIANT_ID") == "coreos" { return .coreOS }
            let hasBootc = exists("/usr/bin/bootc")
            return hasBootc && !exists("/usr/bin/rpm-ostree") ? .bootc : .ostree(hasBootc: hasBootc)
        }
        return exists("/usr/sbin/transactional-update") ? .transactional : nil
    }

    /// Why files below `/etc` don't decide about the next boot; nil where they do.
    fileprivate var obstacle: String? {
        switch self {
        case .ostree, .bootc, .coreOS: "this system is an ostree image, whose initramfs is not built on this host"
        case .nixOS: "NixOS generates its modprobe configuration and its initramfs from its own description"
        case .ubuntuCore: "Ubuntu Core boots with the initramfs of its kernel snap"
        case .transactional: nil
        }
    }

    /// What puts `option` on the kernel command line: the line to type or to write.
    package func line(for option: String) -> String {
        let bootc = "kargs = [\"\(option)\"] in /usr/lib/bootc/kargs.d/10-daxswitch.toml of the image"
        return switch self {
        case .ostree(let hasBootc): "rpm-ostree kargs --append=\(option)" + (hasBootc ? ", or \(bootc)" : "")
        case .bootc: bootc
        case .coreOS:
            "rpm-ostree kargs --append=\(option), or kernel_arguments: {should_exist: [\"\(option)\"]} in its Butane file"
        case .nixOS: "boot.kernelParams = [ \"\(option)\" ]; in /etc/nixos/configuration.nix, then nixos-rebuild boot"
        case .transactional: "transactional-update shell, and in it: pbl --add-option \(option) && pbl --config"
        case .ubuntuCore:
            "snap set system system.kernel.cmdline-append=\"\(option)\", which the gadget snap must allow"
        }
    }
}

/// The mounts of a process. Pure.
private struct MountTable {
    private struct Mount {
        var point: String
        var type: String
        var isReadOnly: Bool
        /// Where an overlay keeps what is written, as it was named when it was mounted.
        var upper: String?
    }

    private let mounts: [Mount]

    init(_ mountinfo: String) {
        mounts = mountinfo.lines.compactMap { line in
            let fields = line.fields()
            guard fields.count > 6, let dash = fields.dropFirst(6).firstIndex(of: "-"), fields.count > dash + 1 else {
                return nil
            }
            let options = fields[5].parts(at: ",") + (fields.last?.parts(at: ",") ?? [])
            return Mount(
                point: String(fields[4]),
                type: String(fields[dash + 1]),
                isReadOnly: options.contains("ro"),
                upper: options.first { $0.hasPrefix("upperdir=") }.map { String($0.dropFirst("upperdir=".utf8.count)) }
            )
        }
    }

    private static let images: Set = ["squashfs", "erofs", "iso9660", "cramfs", "romfs"]
    private static let passing: Set = ["tmpfs", "ramfs", "rootfs"]

    /// Why what is written to `path` need not be there at the next boot; nil where it is.
    func obstacle(below path: String, _ exists: (String) -> Bool) -> String? {
        guard let mount = mount(of: path) else { return nil }
        if Self.images.contains(mount.type) { return "\(mount.point) is a read-only image (\(mount.type))" }
        if mount.isReadOnly { return "\(mount.point) is mounted read-only" }
        guard Self.passing.contains(mount.type) || mount.type == "overlay" && !keeps(mount, exists) else { return nil }
        return "\(mount.point) is \(mount.type), so files written there may be lost at a reboot"
    }

    /// Whether an overlay keeps what is written on a file system that lasts.
    ///
    /// Its upper directory has the name that it had in the initramfs, where the root file system is below `/sysroot`.
    private func keeps(_ overlay: Mount, _ exists: (String) -> Bool) -> Bool {
        guard let upper = overlay.upper else { return false }
        let names = (upper.hasPrefix("/sysroot/") ? [String(upper.dropFirst("/sysroot".utf8.count))] : []) + [upper]
        guard let path = names.first(where: exists), let below = mount(of: path, where: { $0.type != "overlay" }) else {
            return false
        }
        return !below.isReadOnly && !Self.passing.union(Self.images).contains(below.type)
    }

    /// The mount that `path` lies in: the longest mount point above it, the last one where several are the same.
    private func mount(of path: String, where counts: (Mount) -> Bool = { _ in true }) -> Mount? {
        var found: Mount?
        for mount in mounts where counts(mount) {
            let point = mount.point
            guard point == "/" || path == point || path.hasPrefix(point + "/"),
                point.utf8.count >= found?.point.utf8.count ?? 0
            else { continue }
            found = mount
        }
        return found
    }
}
