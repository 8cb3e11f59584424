import Foundation
import Inspection
import Iomem
import LinuxSystem
import Machine
import TestCaptures
import Testing

/// Captures in archives: read as the directory would be, and never written anywhere.
@Suite("Material: archives") struct ArchiveTests {
    private static let root = Result {
        try TestCaptures.root(kernel: "7.3.4", scenario: "auto-kmem", "kmem-offlined")
    }

    /// What does not depend on where the machine was read from.
    private func facts(_ root: String) throws -> MachineState { try Inspector(root: root).read() }

    @Test(
        "every compression, with a directory around the machine and without one",
        arguments: [
            "tar -cf", "tar -czf", "tar -cJf", "tar --zstd -cf", "tar -cjf", "tar -H pax -cf", "tar -H gnu -cf",
        ],
        ["-C .. machine", "."]
    )
    func forms(command: String, what: String) throws {
        let folder = TestCaptures.newDirectory()
        try FileManager.default.copyItem(atPath: try Self.root.get().path, toPath: "\(folder)/machine")
        try shell("\(command) ../archive \(what)", in: "\(folder)/machine")
        #expect(try facts("\(folder)/archive") == (try facts("\(folder)/machine")))
    }

    @Test("names longer than a header holds", arguments: ["gnu", "pax", "ustar"]) func longNames(format: String) throws
    {
        let folder = TestCaptures.newDirectory()
        let top = String(repeating: "a-long-name/", count: 12)
        try FileManager.default.createDirectory(atPath: "\(folder)/\(top)", withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: try Self.root.get().path, toPath: "\(folder)/\(top)machine")
        try shell("tar -H \(format) -cf archive a-long-name", in: folder)
        #expect(try facts("\(folder)/archive") == (try facts("\(folder)/\(top)machine")))
    }

    @Test("the kernel's configuration is read from an archive too") func configuration() throws {
        let folder = TestCaptures.newDirectory()
        // Windows, and no Soft Reserved memory: then the configuration counts.
        let machine = TestCaptures.repository.appendingPathComponent("Tests/Field/21-ndctl279-legacy-system-ram.txz")
        try shell("mkdir machine && tar -xf '\(machine.path)' -C machine", in: folder)
        let release = try facts("\(folder)/machine").kernel.release
        let config = "boot/config-\(release)"
        try shell("mkdir machine/boot && echo '# CONFIG_EFI_SOFT_RESERVE is not set' > machine/\(config)", in: folder)
        try shell("tar -czf archive.tgz machine", in: folder)
        #expect(try facts("\(folder)/archive.tgz").softReserveIsOff == "/\(config)")
        #expect(try facts("\(folder)/archive.tgz") == (try facts("\(folder)/machine")))
    }

    private func refusal(_ path: String) throws -> InspectionError { try #require(failure(reading: path)) }

    @Test("several captures: the refusal names them") func several() throws {
        let folder = TestCaptures.newDirectory()
        for name in ["01-boot", "02-later", "10-last"] {
            try FileManager.default.copyItem(
                atPath: try Self.root.get().path,
                toPath: "\(folder)/all/\(name)",
                making: true
            )
        }
        try shell("tar -czf all.tgz -C all .", in: folder)
        for path in ["\(folder)/all", "\(folder)/all.tgz"] {
            let error = try refusal(path)
            #expect(error.code == .badCapture && error.exitCode == 65)
            #expect(error.message.contains("3 captures, 01-boot to 10-last"))
        }
        try shell("tar -czf one.tgz all/01-boot/proc/cmdline", in: folder)
        #expect(try refusal("\(folder)/one.tgz").message.contains("no proc/iomem"))
        try shell("mkdir wrapped && mv all/01-boot wrapped", in: folder)
        #expect(try refusal("\(folder)/wrapped").message.contains("/01-boot. Name that"))
    }

    @Test("links, absolute names, names with .., devices, FIFOs and duplicates lead nowhere and are told")
    func hostile() throws {
        var tar = TarBytes()
        try tar.add(directory: try Self.root.get().path, below: "m/")
        let clean = try tar.file()
        tar.add("/etc/passwd-of-daxswitch", "x")
        tar.add("m/../../../../tmp/daxswitch-was-here", "x")
        tar.add("../../tmp/daxswitch-was-here", "x")
        tar.add("m/proc/device", type: "3")
        tar.add("m/proc/block", type: "4")
        tar.add("m/proc/fifo", type: "6")
        tar.add("m/out", type: "2", link: "/etc")
        tar.add("m/out/passwd", "x")
        tar.add("m/proc/hard", type: "1", link: "/etc/passwd")
        let commandLine = try String(contentsOf: try Self.root.get().url("/proc/cmdline"), encoding: .utf8)
        tar.add("m/proc/cmdline", commandLine)
        let path = try tar.file()
        let machine = try Inspector(root: path).read()
        var same = machine
        same.material = MaterialReport()
        #expect(same == (try Inspector(root: clean).read()))
        let odd = machine.material.oddities
        for words in [
            "the path is absolute", "the path points outside of the archive", "it is a device", "it is a FIFO",
            "it is outside of the archive", "more than once",
        ] {
            #expect(odd.count { $0.contains(words) } == 1, "\(words): \(odd)")
        }
        #expect(odd.contains { $0.hasPrefix("m/../../../../tmp/daxswitch-was-here (and 1 more)") })
        #expect(!FileManager.default.fileExists(atPath: "/tmp/daxswitch-was-here"))
    }

    @Test("a link in an archive leads to the archive's own files") func links() throws {
        var tar = TarBytes()
        tar.add("m/proc/iomem", type: "2", link: "/sys/real")
        tar.add("m/sys/real", "00100000-3ffdffff : System RAM\n5d0000000-5efffffff : Soft Reserved\n")
        tar.add("m/proc/cmdline", type: "2", link: "/etc/hostname")
        tar.add("m/proc/modules", type: "2", link: "modules")
        let machine = try Inspector(root: try tar.file()).read()
        #expect(machine.softReserved.map(\.range.description) == ["0x5d0000000-0x5efffffff"])
        #expect(machine.lacks(.commandLine) && machine.lacks(.modules))
    }

    @Test("an archive that is damaged, cut off or lies about its sizes is refused") func damaged() throws {
        var tar = TarBytes()
        tar.add("m/proc/iomem", "5d0000000-5efffffff : Soft Reserved\n")
        tar.add("m/proc/cmdline", "quiet\n", size: 1 << 32)
        #expect(try refusal(try tar.file()).message.contains("it is cut off"))
        let folder = TestCaptures.newDirectory()
        try shell("tar -czf whole.tgz -C \(try Self.root.get().path) .; head -c 2000 whole.tgz > cut.tgz", in: folder)
        #expect(try refusal("\(folder)/cut.tgz").message.contains("damaged or cut off"))
        try shell("gunzip -c whole.tgz | head -c 20000 > cut.tar", in: folder)
        #expect(try refusal("\(folder)/cut.tar").message.contains("it is cut off"))
        tar = TarBytes()
        tar.add("m/proc/iomem", "5d0000000-5efffffff : Soft Reserved\n")
        tar.add("m/proc/cmdline", "quiet\n")
        // The second header begins behind the first one and a block of content.
        let bad = try tar.file()
        try shell("printf XXXX | dd of=\(bad) bs=1 seek=1030 conv=notrunc 2>/dev/null", in: folder)
        #expect(try refusal(bad).message.contains("at byte 1024: there is no valid header"))
    }

    @Test("a bomb is refused before it fills the memory", arguments: ["gzip -1c", "xz -c -0", "zstd -qc"])
    func bomb(packer: String) throws {
        let folder = TestCaptures.newDirectory()
        // Five files of 60 MiB: more than is kept.
        try shell(
            "for i in 1 2 3 4 5; do truncate -s 60M $i; done; mkdir -p m/proc; mv ? m/proc; tar -c m | \(packer) > b",
            in: folder
        )
        #expect(try refusal("\(folder)/b").message.contains("more than 256 MiB"))
        try shell("head -c 100000000 /dev/zero | \(packer) > z", in: folder)
        #expect(try refusal("\(folder)/z").message.contains("larger than the limit for a text"))
    }

    @Test("what is no material at all") func nothing() throws {
        let folder = TestCaptures.newDirectory()
        #expect(try refusal("\(folder)/nowhere").exitCode == 65)
        #expect(try refusal("/dev/null").message.contains("a device"))
        try shell("mkfifo fifo; : > empty; echo '{\"kind\":\"plan\"}' > p.json", in: folder)
        #expect(try refusal("\(folder)/fifo").message.contains("FIFO"))
        for name in ["empty", "p.json"] { #expect(try refusal("\(folder)/\(name)").message.contains("not a capture")) }
    }
}

extension FileManager {
    fileprivate func copyItem(atPath path: String, toPath target: String, making: Bool) throws {
        let parent = URL(fileURLWithPath: target).deletingLastPathComponent()
        try createDirectory(at: parent, withIntermediateDirectories: true)
        try copyItem(atPath: path, toPath: target)
    }
}
