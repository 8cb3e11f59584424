import Foundation
import Inspection
import Machine
import Persistence
import TestCaptures
import Testing

@Suite("The initramfs, made again")
struct RebuildTests {
    private let failure = PersistenceError(
        .notRebuilt,
        "/usr/sbin/update-initramfs -u -k all failed with exit status 1"
    )
    private let builder: RecordedBuilder
    private var system: BootSystem { builder.system }

    init() throws {
        builder = try RecordedBuilder(root: TestCaptures.newDirectory(), runs: [])
    }

    /// What `persist hmem --update-initramfs` ends with on the system; nil where it is done.
    private func carryOut() throws -> PersistenceError? {
        let plan = try BootPlan(choice: .hmem, builder: .initramfsTools, present: try system.present())
        do {
            try Persisting(on: system).carryOut(plan, rebuildingBy: .initramfsTools)
            return nil
        } catch {
            return try #require(error as? PersistenceError)
        }
    }

    private func isUnchanged() throws -> Bool { try system.present().isEmpty }

    @Test("a builder that fails at its second image: the first is made again without what was taken back")
    func halfWay() throws {
        let first = try builder.image("6.1.0", age: 60)
        try builder.image("6.12.1", age: 60)
        builder.runs = [
            { [builder] in
                try builder.make(first)
                return 1
            }
        ]
        let error = try #require(try carryOut())
        #expect(error == failure)
        #expect(builder.count == 2)
        #expect(try isUnchanged() && builder.text(first) == "nothing")
    }

    @Test("one that then fails at its first image too: the image that has the choice is named")
    func leftBehind() throws {
        let first = try builder.image("6.1.0", age: 60)
        let second = try builder.image("6.12.1", age: 60)
        builder.runs = [
            { [builder] in
                try builder.make(first)
                return 1
            }, { 1 },
        ]
        let error = try #require(try carryOut())
        #expect(error.code == .halfRebuilt)
        #expect(error.message.contains(first) && !error.message.contains(second))
        #expect(error.message.contains(failure.message))
        #expect(try isUnchanged() && builder.text(first).contains("install cxl_acpi"))
    }

    @Test("one that fails before its first image is not run again")
    func atOnce() throws {
        try builder.image("6.1.0", age: 60)
        builder.runs = [{ 1 }]
        #expect(try carryOut() == failure)
        #expect(builder.count == 1)
        #expect(try isUnchanged())
    }

    @Test("one that fails where no image is known: run again, and believed only where that succeeds")
    func unknown() throws {
        builder.runs = [{ 1 }, { 0 }]
        #expect(try carryOut() == failure)
        #expect(builder.count == 2)
        builder.runs = [{ 1 }]
        #expect(try carryOut()?.code == .halfRebuilt)
    }

    @Test("one that fails half-way where no file had to be changed: the image that was made again is named, and stays")
    func onlyImages() throws {
        let first = try builder.image("6.1.0", age: 60)
        let plan = try BootPlan(choice: .hmem, builder: nil, present: [:])
        try Persisting(on: system).carryOut(plan, rebuildingBy: nil)
        builder.runs = [
            { [builder] in
                try builder.make(first)
                return 1
            }
        ]
        let error = try #require(try carryOut())
        #expect(error.code == .halfRebuilt && error.message.contains(first))
        #expect(builder.count == 1)
        #expect(try builder.text(first).contains("install cxl_acpi"))
    }

    @Test("one that ends 0 and makes nothing has failed, and everything is as it was")
    func nothingMade() throws {
        let image = try builder.image("6.1.0", age: 60)
        builder.runs = [{ 0 }]
        let error = try #require(try carryOut())
        #expect(error.code == .notRebuilt)
        #expect(error.message.contains(image) && error.message.contains("update-initramfs -u -k all"))
        #expect(try isUnchanged())
    }

    @Test("one that makes every image is done")
    func done() throws {
        let images = [try builder.image("6.1.0", age: 60), try builder.image("6.12.1", age: 60)]
        builder.runs = [
            { [builder] in
                for image in images { try builder.make(image) }
                return 0
            }
        ]
        #expect(try carryOut() == nil)
        #expect(try system.check(system.images).pending.isEmpty && builder.count == 1)
        #expect(try builder.text(images[1]).contains("install cxl_acpi"))
    }

    @Test(
        "images that count: where initramfs-tools, dracut and the boot loader specification put them",
        arguments: [
            "/boot/initrd.img-6.12", "/boot/initramfs-6.12.img", "/lib/modules/6.12/initrd", "/efi/abc/6.12/initrd",
            "/boot/abc/6.12/initrd", "/boot/efi/abc/6.12/initrd",
        ]
    )
    func places(path: String) throws {
        try builder.image("6.12", at: path, age: 60)
        try system.put("", at: "/etc/modprobe.d/x.conf")
        #expect(try system.check(system.images).unseen == [path])
    }

    @Test(
        "images that no builder rebuilds don't count",
        arguments: [
            "/boot/initrd.img-6.12.old-dkms", "/boot/initramfs-0-rescue-abc.img", "/boot/initramfs-6.12kdump.img",
            "/boot/initrd.img-6.11", "/efi/abc/6.11/initrd",
        ]
    )
    func others(path: String) throws {
        try builder.image("6.12", at: path, age: 60)
        try system.put("", at: "/etc/modprobe.d/x.conf")
        #expect(system.images.isEmpty)
    }
}
