/// Whether what is written below `/etc` will be there at the next boot, from the mount table. Pure.
package struct SystemKind: Sendable, Equatable {
    /// Why it will not; nil where it will.
    package let obstacle: String?

    /// From the text of `/proc/self/mountinfo` (proc_pid_mountinfo(5)), and whether `/run/ostree-booted` is there.
    package init(mountinfo: String, isOSTree: Bool) {
        if isOSTree {
            obstacle = "the system is an image of ostree, whose initramfs is not made on this host"
            return
        }
        guard let mount = Self.mount(of: "/etc/modprobe.d", in: mountinfo) else {
            obstacle = nil
            return
        }
        if Self.images.contains(mount.type) {
            obstacle = "\(mount.point) is a read-only image (\(mount.type))"
        } else if Self.passing.contains(mount.type) {
            obstacle = "\(mount.point) is \(mount.type): what is written there need not be there at the next boot"
        } else if mount.isReadOnly {
            obstacle = "\(mount.point) is mounted read-only"
        } else {
            obstacle = nil
        }
    }

    private static let images: Set = ["squashfs", "erofs", "iso9660", "cramfs", "romfs"]
    private static let passing: Set = ["tmpfs", "ramfs", "rootfs", "overlay"]

    private struct Mount {
        var point: String
        var type: String
        var isReadOnly: Bool
    }

    /// The mount that `path` lies in: the longest mount point above it, the last one where several are the same.
    private static func mount(of path: String, in mountinfo: String) -> Mount? {
        var found: Mount?
        for line in mountinfo.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 6, let dash = fields.dropFirst(6).firstIndex(of: "-"), fields.count > dash + 1 else {
                continue
            }
            let point = String(fields[4])
            guard point == "/" || path == point || path.hasPrefix(point + "/"), point.count >= found?.point.count ?? 0
            else { continue }
            let options = fields[5].split(separator: ",") + (fields.last?.split(separator: ",") ?? [])
            found = Mount(point: point, type: String(fields[dash + 1]), isReadOnly: options.contains("ro"))
        }
        return found
    }
}
