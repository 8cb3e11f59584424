import CaptureReplay
import Machine
import TestCaptures
import Testing

@testable import Ownership

@Suite("Plans for drivers that are part of the kernel image")
struct BuiltinDriverTests {
    private func machine(_ moment: String, of scenario: String = "uek-switch-locked") throws
        -> MachineState
    {
        try Replay.state(TestCaptures.root(kernel: "7.3.4-builtin", scenario: scenario, moment))
    }

    @Test(
        "the policy needs no change: cxl_acpi is unbound in place of being removed, and nothing is held"
    )
    func hmem() throws {
        let plan = try Planner(machine: machine("cxl-side")).plan(Machines.hmem)
        #expect(plan.verdict == .safe)
        #expect(
            plan.steps == [
                .unload("dax_cxl"), .unload("dax_hmem"), .unload("cxl_acpi"), .load("dax_hmem"),
            ]
        )
        #expect(plan.owners(of: Machines.range) == [.hmem])
        #expect(plan.prediction.modules["cxl_acpi"] == [.unbound])
        #expect(plan.notes.contains { $0.contains("unbinds its driver from ACPI0017:00") })
    }

    @Test("a region that is not locked is lost with it, as with the module")
    func unlocked() throws {
        var machine = try machine("cxl-side")
        for index in machine.regions.indices { machine.regions[index].locked = false }
        let plan = try Planner(machine: machine).plan(Machines.hmem)
        #expect(plan.hazardIDs.contains(.regionLost) && !plan.hazardIDs.contains(.builtin))
    }

    @Test("modules_disabled stands in the way of modules alone")
    func modulesDisabled() throws {
        var machine = try machine("dax-out")
        machine.kernel.modulesDisabled = true
        #expect(
            try Planner(machine: machine).predict([.unload("cxl_acpi")]).hazardIDs.contains(
                .modulesDisabled
            ) == false
        )
        #expect(
            try Planner(machine: machine).predict([.load("dax_hmem")]).hazardIDs.contains(
                .modulesDisabled
            )
        )
    }

    @Test("what can't be unbound is refused, with its reason")
    func refused() throws {
        let reason = { (machine: MachineState, module: String) in
            try Planner(machine: machine).predict([.unload(module)]).hazards.first { $0.id == .builtin }?
                .why ?? ""
        }
        let bound = try machine("cxl-side")
        #expect(try reason(bound, "cxl_acpi") == "")
        var suppressed = bound
        suppressed.modules.drivers["cxl_acpi"]?.hasBindFiles = false
        #expect(try reason(suppressed, "cxl_acpi").contains("suppress_bind_attrs"))
        var two = bound
        two.modules.drivers["cxl_acpi"]?.devices.append(.init(name: "ACPI0017:01", isBound: true))
        #expect(try reason(two, "cxl_acpi").contains("ACPI0017:00, ACPI0017:01"))
        var daxCxl = bound
        daxCxl.modules.loaded["dax_cxl"] = nil
        daxCxl.modules.builtin.insert("dax_cxl")
        #expect(try reason(daxCxl, "dax_cxl").contains("suppress_bind_attrs"))
        #expect(try reason(bound, "cxl_mem").contains("ENOENT"))
    }

    @Test("what can't be bound is refused, with its reason: two ACPI0017 devices, no file to bind it by")
    func notBound() throws {
        let reason = { (machine: MachineState) in
            try Planner(machine: machine).predict([.load("cxl_acpi")]).hazards.first { $0.id == .builtin }?.why ?? ""
        }
        let unbound = try machine("acpi-unbound")
        #expect(try reason(unbound) == "")
        var two = unbound
        two.modules.drivers["cxl_acpi"]?.devices.append(.init(name: "ACPI0017:01", isBound: false))
        #expect(try reason(two).contains("ACPI0017:00, ACPI0017:01"))
        var suppressed = unbound
        suppressed.modules.drivers["cxl_acpi"]?.hasBindFiles = false
        #expect(try reason(suppressed).contains("suppress_bind_attrs"))
    }

    /// Booted with `initcall_blacklist=cxl_acpi_init`, as `persist hmem` has the boot loader do.
    private func leftOut() throws -> MachineState {
        var machine = try machine("hmem-owned")
        machine.kernel.commandLine = KernelCommandLine("ro initcall_blacklist=cxl_acpi_init")
        machine.modules.drivers["cxl_acpi"]?.isRegistered = false
        machine.remembered = nil
        machine.decoderHistory.value = .asAtBoot
        return machine
    }

    @Test("left out at the boot: cxl needs a reboot without the parameter, and hmem is already in effect")
    func leftOutAtBoot() throws {
        let machine = try leftOut()
        let plan = try Planner(machine: machine).plan(Machines.cxl)
        let hazard = try #require(plan.hazards.first { $0.id == .builtin })
        #expect(hazard.why.contains("until a reboot"))
        #expect(hazard.fix.contains("initcall_blacklist=") && hazard.fix.contains("reboot"))
        #expect(plan.verdict == .refused)
        #expect(try Planner(machine: machine).plan(Machines.hmem).verdict == .nothingToDo)
    }

    @Test("the next boot: hmem leaves cxl_acpi out and changes nothing here, cxl has it at work again")
    func nextBoot() throws {
        var machine = try leftOut()
        machine.persisted = .hmem
        #expect(NextBoot(of: machine).differs == false)
        var bound = try self.machine("cxl-side")
        bound.persisted = .hmem
        #expect(NextBoot(of: bound).differs == true)
        #expect(NextBoot(of: bound).hazards(of: .hmem).isEmpty)
        bound.persisted = .cxl
        #expect(NextBoot(of: bound).differs == false)
    }

    @Test(
        "without a choice, the entries of the boot loader tell whether the next boot leaves it out; else this boot does"
    )
    func entries() throws {
        var machine = try leftOut()
        #expect(machine.nextBootLeavesOutCxlAcpi)
        machine.bootEntries = [BootEntry(file: "/boot/grub/grub.cfg", commandLine: KernelCommandLine("ro"))]
        #expect(!machine.nextBootLeavesOutCxlAcpi)
        machine.persisted = .hmem
        #expect(machine.pendingBootEntries == ["/boot/grub/grub.cfg"])
        machine.persisted = .cxl
        #expect(machine.pendingBootEntries == [])
        machine.modules.builtin = []
        #expect(machine.pendingBootEntries == nil && !machine.nextBootLeavesOutCxlAcpi)
    }

    @Test("bound again, with dax_cxl in: CXL has its region")
    func bound() throws {
        var machine = try machine("dax_cxl-too")
        // What a run writes down before it unbinds.
        machine.initialProbe.value = .done
        machine.remembered = RememberedDecoders(
            regions: [RememberedRegion(range: Machines.range, locked: true)],
            decoded: [Machines.range]
        )
        let plan = try Planner(machine: machine).plan(Machines.cxl)
        #expect(plan.verdict == .safe && plan.owners(of: Machines.range) == [.cxl])
        #expect(plan.prediction.modules["cxl_acpi"] == [.builtin])
    }

    @Test("somebody has unbound cxl_acpi by hand: the refusal and the finding name the command that binds it")
    func unboundByHand() throws {
        let command = "echo ACPI0017:00 > /sys/bus/platform/drivers/cxl_acpi/bind"
        // Where the region was not locked, nothing is left of it.
        var machine = try machine("acpi-unbound")
        machine.regions = []
        for index in machine.windows.indices { machine.windows[index].isFixed = false }
        let hazard = try #require(
            try Planner(machine: machine).plan(Machines.hmem).hazards.first { $0.id == .undecodedRange }
        )
        #expect(hazard.fix.contains("`\(command)`"))
        let finding = try #require(findings(of: machine) { [] }.first { $0.id == .noOwner })
        #expect(finding.fix.contains("`\(command)`"))
    }

    @Test("the devices of both drivers are read")
    func hmemDevices() throws {
        let drivers = try machine("hmem-owned", of: "uek-unbind").modules.drivers
        #expect(
            drivers["dax_hmem"]
                == DriverDevices(
                    driver: "hmem_platform",
                    devices: [.init(name: "hmem_platform.0", isBound: true)]
                )
        )
        #expect(drivers["cxl_acpi"]?.areUnbound == true)
    }
}
