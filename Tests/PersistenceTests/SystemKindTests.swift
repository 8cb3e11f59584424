import Persistence
import Testing

@Suite("Whether what is written below /etc lasts")
struct SystemKindTests {
    private func obstacle(_ lines: String..., isOSTree: Bool = false) -> String? {
        SystemKind(mountinfo: lines.joined(separator: "\n")) { isOSTree && $0 == "/run/ostree-booted" }.obstacle
    }

    private let root = "25 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro"

    @Test("an ordinary root file system: it does, whatever is mounted elsewhere")
    func ordinary() {
        #expect(
            obstacle(
                root,
                "30 25 0:26 / /run rw,nosuid - tmpfs tmpfs rw,size=98k",
                "31 25 0:30 / /etcetera ro - tmpfs t ro"
            ) == nil
        )
    }

    @Test(
        "images and file systems in memory",
        arguments: [
            ("25 1 7:0 / / ro,relatime - squashfs /dev/loop0 ro", "squashfs"),
            ("25 1 0:2 / / rw - rootfs rootfs rw", "rootfs"),
            ("25 1 0:40 / / rw,relatime - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w", "overlay"),
            ("25 1 254:1 / / ro,relatime shared:1 master:2 - ext4 /dev/vda1 rw", "read-only"),
            ("25 1 254:1 / / rw,relatime - erofs /dev/vda1 ro", "erofs"),
        ]
    )
    func notKept(line: String, word: String) throws {
        #expect(try #require(obstacle(line)).contains(word))
    }

    @Test("the mount that counts is the one of /etc, the last one there")
    func nearest() throws {
        let etc = "40 25 0:41 / /etc rw - tmpfs tmpfs rw"
        #expect(try #require(obstacle(root, etc)).hasPrefix("/etc is tmpfs"))
        #expect(obstacle("24 1 0:2 / / rw - rootfs rootfs rw", root) == nil)
        #expect(obstacle(root, etc, "41 40 254:2 / /etc rw - ext4 /dev/vda2 rw") == nil)
    }

    @Test(
        "an overlay lasts as the file system of its upper directory does, which is named as the initramfs saw it",
        arguments: [
            // SLE Micro; Flatcar, whose upper directory is below the overlay itself; a live system in memory; a container.
            ("/etc", "/sysroot/var/lib/overlay/1/etc", "26 25 0:30 /@/var /var rw - btrfs /dev/vda2 rw", true),
            ("/etc", "/sysroot/etc", "26 25 0:26 / /run rw - tmpfs tmpfs rw", true),
            ("/etc", "/run/overlay/etc", "26 25 0:26 / /run rw - tmpfs tmpfs rw", false),
            ("/etc", "/media/image/etc", "26 25 7:0 / /media/image ro - squashfs /dev/loop0 ro", false),
            ("/etc", "/gone/etc", "26 25 0:26 / /run rw - tmpfs tmpfs rw", false),
        ]
    )
    func overlay(point: String, upper: String, mount: String, lasts: Bool) {
        let line = "40 25 0:40 / \(point) rw,relatime - overlay overlay rw,lowerdir=/l,upperdir=\(upper),workdir=/w"
        let there: Set = ["/var/lib/overlay/1/etc", "/etc", "/run/overlay/etc", "/media/image/etc"]
        let kind = SystemKind(mountinfo: [root, mount, line].joined(separator: "\n"), exists: there.contains)
        #expect((kind.obstacle == nil) == lasts)
        if !lasts { #expect(kind.obstacle?.hasPrefix("/etc is overlay") == true) }
    }

    @Test("an overlay over / in memory: the upper directory is on no other file system")
    func live() {
        let line = "40 1 0:40 / / rw - overlay overlay rw,lowerdir=/l,upperdir=/cow/upper,workdir=/cow/work"
        #expect(SystemKind(mountinfo: line) { $0 == "/cow/upper" }.obstacle != nil)
    }

    @Test(
        "image systems: each has its own line for the kernel command line",
        arguments: [
            (
                "ID=fedora\nVARIANT_ID=silverblue\n", ["/run/ostree-booted", "/usr/bin/rpm-ostree"],
                "rpm-ostree kargs --append=X"
            ),
            ("ID=fedora\n", ["/run/ostree-booted", "/usr/bin/bootc"], "kargs = [\"X\"] in /usr/lib/bootc/kargs.d/"),
            ("ID=fedora\nVARIANT_ID=coreos\n", ["/run/ostree-booted"], "kernel_arguments: {should_exist: [\"X\"]}"),
            ("ID=\"rhcos\"\n", ["/run/ostree-booted"], "kernel_arguments: {should_exist: [\"X\"]}"),
            ("ID=nixos\n", [], "boot.kernelParams = [ \"X\" ];"),
            ("NAME=\"Ubuntu Core\"\nID=ubuntu-core\n", [], "snap set system system.kernel.cmdline-append=\"X\""),
            ("ID=\"sl-micro\"\n", ["/usr/sbin/transactional-update"], "transactional-update shell"),
        ]
    )
    func images(release: String, files: [String], line: String) throws {
        let kind = SystemKind(mountinfo: root, osRelease: release, exists: files.contains)
        let image = try #require(kind.image)
        #expect(image.line(for: "X").contains(line))
        #expect((kind.obstacle == nil) == (image == .transactional))
    }

    @Test("ostree: /etc can be written, but the initramfs comes with the image")
    func ostree() throws {
        #expect(try #require(obstacle(root, isOSTree: true)).contains("ostree"))
    }
}
