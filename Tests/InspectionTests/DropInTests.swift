import Inspection
import Machine
import Testing

@Suite("What daxswitch wrote for modprobe")
struct DropInTests {
    private let hmem = "# daxswitch persist hmem\nsoftdep cxl_acpi pre:\ninstall cxl_acpi /bin/false\n"
    private let letIn = "# by daxswitch\nsoftdep cxl_acpi pre: cxl_port\n"

    private func read(persisted: String?, now: String? = nil) throws -> MachineState {
        var tree = FakeTree()
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

    @Test("a hold that was cut off at any byte, or is rubbish, is none: an error that names it") func half() throws {
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

    @Test("what is persisted, cut off before its command, counts for nothing, as for modprobe") func halfPersisted()
        throws
    {
        #expect(try read(persisted: "softdep cxl_acpi pre:\ninstall cxl_acpi").persisted == nil)
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
