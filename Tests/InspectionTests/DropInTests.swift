import Inspection
import Machine
import Testing

@Suite("What daxswitch wrote for modprobe")
struct DropInTests {
    private let hmem = "# daxswitch persist hmem\nsoftdep cxl_acpi pre:\ninstall cxl_acpi /bin/false\n"
    private let letIn = "# by daxswitch\nsoftdep cxl_acpi pre: cxl_port\n"

    private func read(persisted: String?, now: String? = nil, others: [String: String] = [:]) throws -> MachineState {
        var tree = FakeTree(others)
        tree[Inspector.persistedPath] = persisted
        tree[Inspector.holdPath] = now
        return try Inspector(tree: tree, log: RecordedKernelLog(tree: tree)).read()
    }

    @Test("nothing, a hold of this boot, and a persisted one, which holds now as well")
    func holds() throws {
        #expect(try read(persisted: nil).isHeld == false)
        #expect(try read(persisted: nil, now: "softdep cxl_acpi pre:\ninstall cxl_acpi /bin/false\n").isHeld)
        let machine = try read(persisted: hmem)
        #expect(machine.isHeld && machine.persisted == .hmem)
    }

    @Test(
        "on the running machine a hold is a file for modprobe and a rule for udev: one without the other is half a hold"
    )
    func halfHold() throws {
        let rules =
            "ENV{MODALIAS}==\"acpi*:ACPI0017:*\", ENV{MODALIAS}=\"\"\nENV{MODALIAS}==\"platform:hmem*\", ENV{MODALIAS}=\"\"\n"
        for (dropIn, rule) in [
            (nil, nil), (nil, rules), (hmem, nil), (hmem, rules), (hmem, "# nothing\n"), (letIn, nil),
        ] {
            var tree = FakeTree()
            tree.isLive = true
            tree[Inspector.holdPath] = dropIn
            tree[Inspector.holdRulesPath] = rule
            let machine = try Inspector(tree: tree, log: RecordedKernelLog(tree: tree)).read()
            #expect(machine.isHeld == (dropIn == hmem && rule == rules))
            #expect((machine.holdGap == nil) == ((dropIn == hmem) == (rule == rules)))
            // The mark says so wherever it is.
            tree.isLive = false
            tree[Inspector.holdChangePath] = "x"
            let cut = try Inspector(tree: tree, log: RecordedKernelLog(tree: tree)).read()
            #expect(!cut.isHeld && cut.holdGap?.contains(Inspector.holdChangePath) == true)
        }
    }

    @Test("a hold that was cut off at any byte, or is rubbish, does not count: an error that names it") func half()
        throws
    {
        let hold = "# Written by daxswitch.\nsoftdep cxl_acpi pre:\ninstall cxl_acpi /bin/false"
        #expect(try read(persisted: nil, now: hold).isHeld)
        var tree = FakeTree()
        for length in 0..<hold.utf8.count {
            tree.files[Inspector.holdPath] = Array(hold.utf8.prefix(length))
            #expect(failure(tree)?.message.contains(Inspector.holdPath) == true, "\(length) bytes")
        }
        tree.files[Inspector.holdPath] = [0xff, 0, 0x80, 0x0a]
        #expect(failure(tree)?.message.contains(Inspector.holdPath) == true)
    }

    @Test(
        "a persisted choice that was cut off at any byte holds nothing, and half of one is an error that names it",
        arguments: [
            "softdep cxl_acpi pre:\ninstall cxl_acpi /bin/false",
            "softdep dax_hmem pre: cxl_pmem cxl_acpi cxl_pci cxl_mem",
        ]
    )
    func halfPersisted(whole: String) throws {
        #expect(try read(persisted: whole).persisted != nil)
        var errors = 0
        for length in 0..<whole.utf8.count {
            do {
                let machine = try read(persisted: String(decoding: whole.utf8.prefix(length), as: UTF8.self))
                #expect(!machine.isHeld && machine.persisted == nil, "\(length) bytes")
            } catch let error as InspectionError {
                #expect(error.message.contains(Inspector.persistedPath), "\(length) bytes")
                errors += 1
            }
        }
        #expect(errors > 0)
    }

    @Test("an install line alone is no hold: with a softdep of its own cxl_acpi comes anyway")
    func noSoftdep() throws {
        let error = try #require(throws: InspectionError.self) {
            try read(persisted: "# daxswitch persist hmem\ninstall cxl_acpi /bin/false\n")
        }
        #expect(error.message.contains(Inspector.persistedPath))
    }

    @Test(
        "a file of others that sorts before: the first line counts for modprobe, so the choice counts for nothing",
        arguments: [
            ("etc/modprobe.d/00-a.conf", "softdep cxl_acpi pre: cxl_port", false),
            ("lib/modprobe.d/00-a.conf", "softdep cxl-acpi post: cxl_port", false),
            ("etc/modprobe.d/00-a.conf", "softdep cxl* \\\n pre: cxl_port", false),
            ("etc/modprobe.d/00-a.conf", "install cxl_acpi /sbin/insmod x.ko", false),
            ("etc/modprobe.d/00-a.conf", "softdep cxl_acpi pre:", true),
            ("etc/modprobe.d/00-a.conf", "# \\\nsoftdep cxl_acpi pre: cxl_port", true),
            ("etc/modprobe.d/00-a.txt", "softdep cxl_acpi pre: cxl_port", true),
            ("etc/modprobe.d/02-local.conf", "softdep cxl_acpi pre: cxl_port", true),
        ]
    )
    func overridden(path: String, text: String, counts: Bool) throws {
        let machine = try read(persisted: hmem, others: ["/\(path)": text + "\n"])
        #expect(machine.isHeld == counts && machine.persisted == (counts ? .hmem : nil))
        #expect(try read(persisted: nil, now: hmem, others: ["/\(path)": text + "\n"]).isHeld == counts)
    }

    @Test("a file in /etc hides the one of the same name in /lib, also from what is persisted")
    func hidden() throws {
        let others = ["/etc/modprobe.d/00-a.conf": "", "/lib/modprobe.d/00-a.conf": "softdep cxl_acpi pre: cxl_port\n"]
        #expect(try read(persisted: hmem, others: others).persisted == .hmem)
        let cxl = "softdep dax_hmem pre: cxl_pmem cxl_acpi cxl_pci cxl_mem\n"
        #expect(
            try read(persisted: cxl, others: ["/etc/modprobe.d/00-a.conf": "softdep dax_hmem pre: x\n"]).persisted
                == nil
        )
    }

    @Test("a release in this boot lifts a persisted hold, and it stays persisted")
    func lifted() throws {
        let machine = try read(persisted: hmem, now: letIn)
        #expect(!machine.isHeld && machine.persisted == .hmem)
    }

    @Test("persisted cxl holds nothing; a file without a line that counts persists nothing")
    func others() throws {
        let machine = try read(persisted: "softdep dax_hmem pre: cxl_pmem cxl_acpi cxl_pci cxl_mem\n")
        #expect(!machine.isHeld && machine.persisted == .cxl)
        #expect(try read(persisted: "# install cxl_acpi /bin/false\n").persisted == nil)
    }
}
