import Foundation
import Inspection
import LinuxSystem
import Machine
import TestCaptures
import Testing

@testable import Persistence

@Suite("Adversary, issue 10 number 12: what is in the initramfs")
struct ImageCheckTests {
    private let root = TestCaptures.newDirectory()
    private let image = "/boot/initrd.img-6.12"

    /// What the program that lists an image prints, and how often it was run.
    private final class Lister {
        var listing: String?
        var count = 0
    }
    private let lister = Lister()

    init() throws {
        for path in ["/lib/modules/6.12/modules.dep", "/usr/bin/lsinitramfs", image] {
            try WholeFile.write([], to: root + path)
        }
    }

    private func system(_ build: @escaping () throws -> Int32 = { 0 }) -> BootSystem {
        BootSystem(root: root) { _, _ in
            try build()
        } list: { [lister] command, _ in
            #expect(command == ["/usr/bin/lsinitramfs", "-l", "/boot/initrd.img-6.12"])
            lister.count += 1
            return lister.listing.map { Array($0.utf8) }
        }
    }

    private func text(_ choice: BootChoice) throws -> String {
        try #require(PersistedFile.wanted(for: choice, builder: nil).first).text
    }

    /// As cpio -tv prints it.
    private func listing(_ choice: BootChoice?, withModules: Bool = true) throws -> String {
        let size = try choice.map { try text($0).utf8.count }
        let file = size.map { "-rw-r--r--   1 root     root     \($0) Nov 26 09:00 etc/modprobe.d/01-daxswitch.conf\n" }
        let module = "-rw-r--r--   1 root     root        42992 Nov 26 09:00 usr/lib/modules/6.12/kernel/drivers/dax/"
        return "drwxr-xr-x   2 root     root            0 Nov 26 09:00 etc/modprobe.d\n" + (file ?? "")
            + "lrwxrwxrwx   1 root     root            7 Nov 26 09:00 bin -> usr/bin\n"
            + (withModules ? module + "hmem/dax_hmem.ko.xz\n" : "")
    }

    private func pending(_ present: BootChoice?, in system: BootSystem? = nil) throws -> [String] {
        let system = system ?? self.system()
        try system.put(try present.map(text), at: Inspector.persistedPath)
        return try system.check(system.images).pending
    }

    private func setTime(_ offset: Double) throws {
        let attributes: [FileAttributeKey: Any] = [.modificationDate: Date.now + offset]
        try FileManager.default.setAttributes(attributes, ofItemAtPath: root + image)
    }

    @Test("what is in the image counts, whatever its time: clocks are set back", arguments: [-3600.0, 3600.0])
    func times(offset: Double) throws {
        try setTime(offset)
        for present in BootChoice.allCases.map(Optional.some) + [nil] {
            for inside in BootChoice.allCases.map(Optional.some) + [nil] {
                lister.listing = try listing(inside)
                #expect(
                    try pending(present) == (present == inside ? [] : [image]),
                    "\(present as Any) \(inside as Any)"
                )
            }
        }
    }

    @Test("an image without the modules loads none of them: it need not have the file")
    func noModules() throws {
        lister.listing = try listing(nil, withModules: false)
        #expect(try pending(.hmem) == [])
    }

    @Test("every text that was ever written has another size, by which it is known")
    func sizes() {
        let texts = PersistedFile.known(at: Inspector.persistedPath)
        #expect(Set(texts.map(\.utf8.count)).count == Set(texts).count)
    }

    @Test(
        "an image that can't be looked into is pending until a persist has had it built",
        arguments: [nil, "", "no cpio"]
    )
    func unseen(listed: String?) throws {
        if listed == nil { try FileManager.default.removeItem(atPath: "\(root)/usr/bin/lsinitramfs") }
        lister.listing = listed == "" ? nil : listed
        guard listed != "no cpio" else {
            // Something was listed, and neither the file nor a module is in it.
            #expect(try pending(.hmem) == [])
            return
        }
        #expect(try pending(.hmem) == [image])
        let system = system { [root, image] in
            try Data("built".utf8).write(to: URL(fileURLWithPath: root + image))
            return 0
        }
        let plan = try BootPlan(choice: .hmem, builder: .initramfsTools, present: try system.present())
        try Persisting(on: system).carryOut(plan, rebuildingBy: .initramfsTools)
        try system.keep(try system.check(system.images))
        #expect(try pending(.hmem) == [])
    }

    @Test("an image is looked into once, and again when it was written")
    func once() throws {
        lister.listing = try listing(.hmem)
        let system = system()
        #expect(try pending(.hmem, in: system) == [] && pending(.hmem, in: system) == [])
        #expect(lister.count == 1)
        try system.keep(try system.check(system.images))
        #expect(try pending(.cxl) == [image] && lister.count == 1)
        lister.listing = try listing(.cxl)
        try Data("another".utf8).write(to: URL(fileURLWithPath: root + image))
        // The time is as it was, as with a clock that was set back.
        #expect(try pending(.cxl) == [] && lister.count == 2)
    }

    @Test("a builder that ends 0 and leaves the file out has failed, and the files are as before")
    func leftOut() throws {
        lister.listing = try listing(nil)
        let system = system { [root, image] in
            // Longer each time: two builds may fall into one tick of the file system's clock.
            let file = URL(fileURLWithPath: root + image)
            try (Data(contentsOf: file) + Data("built".utf8)).write(to: file)
            return 0
        }
        let plan = try BootPlan(choice: .hmem, builder: .initramfsTools, present: [:])
        let error = #expect(throws: PersistenceError.self) {
            try Persisting(on: system).carryOut(plan, rebuildingBy: .initramfsTools)
        }
        #expect(error?.code == .notRebuilt && error?.message.contains(image) == true)
        #expect(try system.present().isEmpty)
    }
}
