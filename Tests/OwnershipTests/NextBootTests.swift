import Inspection
import Iomem
import Machine
import Ownership
import TestCaptures
import Testing

@Suite("The next boot")
struct NextBootTests {
    private func policy(_ want: Policy.Want, order: [Step] = []) -> Policy {
        Policy(name: "mine", summary: "", order: order, want: want, consent: Policy.Consent())
    }

    @Test(
        "the shipped policies hmem and cxl persist as what they say; one without a wish does not",
        arguments: [Generation.coordinated, .deferring]
    )
    func shipped(generation: Generation) {
        let boot = NextBoot(of: Machines.cxlOwned(generation, locked: false))
        #expect(boot.choice(for: Machines.hmem) == .hmem)
        #expect(boot.choice(for: Machines.cxl) == .cxl)
        #expect(boot.choice(for: policy(.init(coveredByRegion: nil, windowOnly: nil, outsideWindows: nil))) == nil)
    }

    @Test("a window without a region: dax_hmem gets it at the initial probe from 7.1 on, nobody before")
    func windowOnly() {
        let wish = policy(.init(coveredByRegion: .cxl, windowOnly: .hmem, outsideWindows: nil))
        #expect(NextBoot(of: Machines.booted(.coordinated)).choice(for: wish) == .cxl)
        #expect(NextBoot(of: Machines.booted(.deferring)).choice(for: wish) == nil)
    }

    @Test("a wish that both choices meet: the order decides")
    func both() {
        let want = Policy.Want(coveredByRegion: nil, windowOnly: nil, outsideWindows: .hmem)
        let boot = NextBoot(of: Machines.booted(.coordinated))
        #expect(boot.choice(for: policy(want, order: [.hold, .load("dax_hmem")])) == .hmem)
        #expect(boot.choice(for: policy(want, order: [.load("dax_hmem")])) == .cxl)
    }

    @Test("an unlocked region is no hazard for the next boot: the decoders stay as the firmware leaves them")
    func unlocked() {
        let boot = NextBoot(of: Machines.cxlOwned(.deferring, locked: nil))
        #expect(boot.hazards(of: .hmem).isEmpty)
    }

    @Test("hmem over a window that nothing decodes would crash at every boot; cxl leaves it be")
    func undecoded() {
        let boot = NextBoot(of: Machines.booted(.deferring))
        #expect(boot.hazards(of: .hmem).map(\.id) == [.undecodedRange])
        #expect(boot.hazards(of: .hmem).first?.subject == "\(Machines.range)")
        #expect(boot.hazards(of: .cxl).isEmpty)
    }

    @Test("decoders that are programmed count although no region could be assembled")
    func unassembled() {
        #expect(NextBoot(of: Machines.booted(.coordinated, decoded: [Machines.range])).hazards(of: .hmem).isEmpty)
    }

    @Test("a region lost in this boot is back at the next: what is remembered counts, locked or not")
    func remembered() {
        var machine = Machines.booted(.coordinated)
        machine.windows[0].isLive = false
        machine.modules.loaded["cxl_acpi"] = nil
        #expect(NextBoot(of: machine).hazards(of: .hmem).isEmpty)
        machine.remembered = RememberedDecoders(
            regions: [RememberedRegion(range: Machines.range, locked: false)],
            decoded: []
        )
        #expect(NextBoot(of: machine).hazards(of: .hmem).isEmpty)
        machine.softReserved.append(
            SoftReservedRange(range: Machines.span(0x5_f000_0000, 0x1000_0000), sources: ["test"])
        )
        #expect(NextBoot(of: machine).hazards(of: .hmem).map(\.id) == [.undecodedRange])
    }

    @Test("cxl_acpi in the kernel image is no hazard for hmem: the boot loader leaves it out")
    func builtin() {
        var machine = Machines.cxlOwned(.coordinated, locked: true)
        machine.modules.loaded["cxl_acpi"] = nil
        machine.modules.builtin.insert("cxl_acpi")
        #expect(NextBoot(of: machine).hazards(of: .hmem).isEmpty)
    }

    @Test("Soft Reserved memory of CXL's that dax_hmem passes over would belong to nobody")
    func passedOver() throws {
        var machine = Machines.cxlOwned(.deferring, locked: true)
        machine.softReserved[0].hmemRange = nil
        let hazard = try #require(NextBoot(of: machine).hazards(of: .hmem).first)
        #expect(hazard.id == .orphanedRange && hazard.ranges == [Machines.range])
        #expect(NextBoot(of: machine).hazards(of: .cxl).isEmpty)
        // Without a region it belongs to nobody either way.
        var lone = Machines.booted(.deferring, decoded: [Machines.range])
        lone.softReserved[0].hmemRange = nil
        #expect(NextBoot(of: lone).hazards(of: .hmem).isEmpty)
        // A region that was lost in this boot is back at the next.
        lone.remembered = RememberedDecoders(
            regions: [RememberedRegion(range: Machines.range, locked: false)],
            decoded: []
        )
        #expect(NextBoot(of: lone).hazards(of: .hmem).map(\.id) == [.orphanedRange])
    }

    @Test("device_hmem.disable leaves dax_hmem without any range")
    func disabled() {
        var machine = Machines.cxlOwned(.coordinated, locked: true)
        machine.hmemSettings.isDisabled = true
        let hazards = NextBoot(of: machine).hazards(of: .hmem)
        #expect(hazards.map(\.id) == [.orphanedRange])
        #expect(hazards.first?.fix.contains("device_hmem.disable") == true)
    }

    @Test("kexec is enough where the kernel allows it, every region is committed, and none of this boot is gone")
    func kexec() throws {
        var machine = Machines.cxlOwned(.coordinated, locked: false)
        #expect(!NextBoot(of: machine).canKexec)
        machine.kernel.allowsKexec = true
        #expect(NextBoot(of: machine).canKexec)
        let fix = { (machine: MachineState) in
            try Planner(machine: machine).plan(Machines.hmem).hazards.first { $0.id == .regionLost }?.fix ?? ""
        }
        #expect(try fix(machine).contains("systemctl kexec"))
        var lost = machine
        lost.lostRegions = [RememberedRegion(range: Machines.span(0x9_0000_0000, 0x1000_0000), locked: false)]
        #expect(!NextBoot(of: lost).canKexec)
        #expect(try !fix(lost).contains("kexec"))
        var undecoded = machine
        undecoded.regions[0].committed = false
        #expect(!NextBoot(of: undecoded).canKexec)
        var unseen = machine
        unseen.windows[0].isLive = false
        #expect(!NextBoot(of: unseen).canKexec)
    }

    @Test("now and next boot: they differ where the owners will")
    func differs() {
        var machine = Machines.cxlOwned(.coordinated, locked: false)
        #expect(NextBoot(of: machine).differs == nil)
        machine.isHeld = true
        #expect(NextBoot(of: machine).differs == true)
        machine.persisted = .hmem
        #expect(NextBoot(of: machine).differs == true)
        machine.persisted = .cxl
        machine.isHeld = false
        #expect(NextBoot(of: machine).differs == false)
        machine.kernel.generation.value = nil
        #expect(NextBoot(of: machine).differs == nil)
    }

    private func recorded(_ kernel: String, _ scenario: String, _ moment: String) throws -> MachineState {
        let root = try TestCaptures.root(kernel: kernel, scenario: scenario, moment)
        var machine = try Inspector(root: root.path).read()
        machine.persisted = .cxl
        return machine
    }

    @Test("the next boot has an initial probe of its own: the result of a reload since then is not its result")
    func initialProbe() throws {
        // One range over two regions: dax_hmem took it whole at the boot, and left it to CXL when it was loaded again.
        var machine = try recorded("7.3.4-firmware", "scale-2w", "reloaded")
        machine.softReserved.removeAll { $0.range.start == 0x7_2000_0000 }
        #expect(NextBoot(of: machine).differs == true)
        // A region over a part of its range: the boot leads to the same owners again.
        #expect(try NextBoot(of: recorded("7.3.4", "auto-partial", "dax_cxl-first")).differs == false)
        #expect(try NextBoot(of: recorded("7.3.4", "auto-partial", "dax_cxl-again")).differs == true)
        // What waits in decoders that are not seen is not known.
        #expect(try NextBoot(of: recorded("7.3.4", "auto-partial", "hmem-alone")).differs == nil)
    }

    @Test("persist cxl: loading dax_hmem loads the CXL modules before it, on 6.12 too; a hold is stronger")
    func loadsCxlFirst() throws {
        var machine = Machines.booted(.deferring)
        for module in ["cxl_acpi", "cxl_pci", "cxl_mem", "dax_hmem", "dax_cxl"] { machine.modules.loaded[module] = nil }
        machine.windows[0].isLive = false
        let before = try Planner(machine: machine).predict([.load("dax_hmem")])
        #expect(before.prediction.modules["cxl_mem"] == [.absent])
        machine.persisted = .cxl
        let after = try Planner(machine: machine).predict([.load("dax_hmem")])
        for module in ["cxl_acpi", "cxl_pci", "cxl_mem"] { #expect(after.prediction.modules[module] == [.live]) }
        let held = try Planner(machine: machine).predict([.hold, .load("dax_hmem")])
        #expect(held.prediction.modules["cxl_acpi"] == [.absent])
    }
}
