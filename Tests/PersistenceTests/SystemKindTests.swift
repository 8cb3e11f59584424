import Persistence
import Testing

@Suite("Whether what is written below /etc lasts")
struct SystemKindTests {
    private func obstacle(_ lines: String..., isOSTree: Bool = false) -> String? {
        SystemKind(mountinfo: lines.joined(separator: "\n"), isOSTree: isOSTree).obstacle
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

    @Test("ostree: /etc can be written, but the initramfs comes with the image")
    func ostree() throws {
        #expect(try #require(obstacle(root, isOSTree: true)).contains("ostree"))
    }
}
