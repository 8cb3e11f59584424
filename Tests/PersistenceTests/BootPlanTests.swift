import Machine
import Persistence
import Testing

@Suite("What must be written for the next boot")
struct BootPlanTests {
    private let modprobe = "/etc/modprobe.d/01-daxswitch.conf"
    private let dracut = "/etc/dracut.conf.d/01-daxswitch.conf"

    private func text(_ choice: BootChoice) throws -> String {
        let plan = try BootPlan(choice: choice, builder: nil, present: [:])
        return try #require(plan.changes.first?.text)
    }

    /// The lines that are no comment.
    private func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
    }

    @Test("hmem: the two lines that keep cxl_acpi out of modprobe, request_module and udev alike, in this order")
    func hmem() throws {
        #expect(lines(try text(.hmem)) == ["softdep cxl_acpi pre:", "install cxl_acpi /bin/false"])
    }

    @Test("cxl: the CXL modules come before dax_hmem")
    func cxl() throws {
        #expect(lines(try text(.cxl)) == ["softdep dax_hmem pre: cxl_pmem cxl_acpi cxl_pci cxl_mem"])
    }

    @Test("dracut is told to take the file, initramfs-tools takes it by itself")
    func builders() throws {
        let tools = try BootPlan(choice: .hmem, builder: .initramfsTools, present: [:])
        #expect(tools.changes.map(\.path) == [modprobe])
        let other = try BootPlan(choice: .hmem, builder: .dracut, present: [:])
        #expect(other.changes.map(\.path) == [modprobe, dracut])
        let line = try #require(other.changes.last?.text.map(lines))
        #expect(line == ["install_items+=\" \(modprobe) \""])
    }

    @Test("what is there already is kept, and the other choice replaces it")
    func again() throws {
        let present = [modprobe: try text(.hmem)]
        #expect(try BootPlan(choice: .hmem, builder: nil, present: present).isEmpty)
        let other = try BootPlan(choice: .cxl, builder: nil, present: present)
        #expect(other.changes.map(\.action) == [.write])
        #expect(other.changes.first?.text == (try text(.cxl)))
    }

    @Test("--clear removes what was written, and nothing where nothing was")
    func clear() throws {
        let first = try BootPlan(choice: .hmem, builder: .dracut, present: [:])
        let present = Dictionary(uniqueKeysWithValues: first.changes.map { ($0.path, $0.text ?? "") })
        let plan = try BootPlan(choice: nil, builder: .dracut, present: present)
        #expect(plan.changes.map(\.action) == [.remove, .remove])
        #expect(plan.changes.map(\.path) == [modprobe, dracut])
        #expect(try BootPlan(choice: nil, builder: .dracut, present: [:]).changes.isEmpty)
    }

    @Test("a host that went from dracut to initramfs-tools loses dracut's file with the next persist")
    func formerBuilder() throws {
        let first = try BootPlan(choice: .cxl, builder: .dracut, present: [:])
        let present = Dictionary(uniqueKeysWithValues: first.changes.map { ($0.path, $0.text ?? "") })
        let plan = try BootPlan(choice: .cxl, builder: .initramfsTools, present: present)
        #expect(plan.changes.map(\.action) == [.keep, .remove])
    }

    @Test("somebody else's file and an edited one are named and left alone", arguments: [BootChoice.hmem, .cxl, nil])
    func notOurs(choice: BootChoice?) throws {
        let foreign = #expect(throws: PersistenceError.self) {
            try BootPlan(choice: choice, builder: nil, present: [modprobe: "blacklist cxl_acpi\n"])
        }
        #expect(foreign?.code == .foreignFile)
        let edited = try text(.hmem) + "options dax_hmem region_idle=1\n"
        let error = #expect(throws: PersistenceError.self) {
            try BootPlan(choice: choice, builder: nil, present: [modprobe: edited])
        }
        #expect(error?.code == .editedFile)
        #expect(error?.message.contains(modprobe) == true)
    }

    @Test("the builder: dracut's own update-initramfs is no initramfs-tools")
    func detection() {
        let debian: Set = ["/usr/sbin/update-initramfs", "/usr/sbin/mkinitramfs"]
        #expect(InitramfsBuilder.find(debian.contains) == .initramfsTools)
        #expect(InitramfsBuilder.find(["/usr/bin/dracut", "/usr/sbin/update-initramfs"].contains) == .dracut)
        #expect(InitramfsBuilder.find { _ in false } == nil)
    }
}
