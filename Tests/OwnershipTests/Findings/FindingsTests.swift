import Iomem
import Machine
import Testing

@testable import Ownership

@Suite("findings: what is wrong with a machine, and nothing else")
struct FindingsTests {
    private func found(_ machine: MachineState) -> [Finding] { findings(of: machine) { [] } }

    private func ids(_ machine: MachineState) -> [String] { found(machine).map(\.id.rawValue) }

    /// A region that CXL owns, with its device idle.
    private func healthy() -> MachineState {
        var machine = Machines.booted(.coordinated, regions: [Machines.region(locked: true)])
        machine.daxDevices = [Machines.device(.cxl)]
        return machine
    }

    @Test("a region that CXL owns: nothing")
    func nothing() { #expect(ids(healthy()) == []) }

    @Test("no device over Soft Reserved bytes: no-owner, with the modules as evidence")
    func noOwner() throws {
        var machine = healthy()
        machine.daxDevices = []
        let finding = try #require(found(machine).first)
        #expect(finding.id == .noOwner && finding.ranges == [Machines.range] && finding.severity == .loss)
        #expect(finding.evidence.contains("modules: cxl_acpi live, dax_cxl live, dax_hmem live"))
        #expect(ids(machine) == ["no-owner"])
    }

    @Test("an accelerator's region has no dax region by design: nothing")
    func accelerator() {
        var machine = healthy()
        machine.daxDevices = []
        machine.regions[0].assembled = false
        machine.regions[0].isOfAccelerator = true
        #expect(ids(machine) == [])
        machine.regions[0].isOfAccelerator = false
        #expect(ids(machine) == ["region-not-assembled", "no-owner"])
    }

    @Test("a failed assembly quotes the kernel's line and its errno")
    func assembly() throws {
        var machine = healthy()
        machine.daxDevices = []
        machine.regions[0].assembled = false
        machine.regions[0].committed = false
        let line = "cxl_port endpoint4: failed to attach decoder4.0 to region0: -34"
        machine.driverFailures = [DriverFailure(kind: .attachment, subject: "region0", errno: 34, line: line)]
        let finding = try #require(found(machine).first { $0.id == .regionNotAssembled })
        #expect(finding.what.contains("(-34)") && finding.evidence.last == "kernel log: \(line)")
        #expect(finding.fix.contains("interleaving"))
        // No failure is in the log: it may be one of those that the kernel does not tell, or the decoders were reset.
        machine.driverFailures = []
        let unknown = try #require(found(machine).first { $0.id == .regionNotAssembled })
        #expect(unknown.fix.hasPrefix("if it was assembled earlier in this boot, reboot: the firmware programs"))
        #expect(unknown.fix.contains("Otherwise set the same interleaving"))
    }

    @Test("somebody has removed cxl_acpi: the fix is what shows the decoders")
    func removed() throws {
        var machine = Machines.booted(.coordinated)
        machine.windows[0].isLive = false
        for module in ["cxl_acpi", "dax_cxl", "dax_hmem"] { machine.modules.loaded[module] = nil }
        let finding = try #require(found(machine).first { $0.id == .noOwner })
        #expect(finding.fix.contains("`modprobe -a cxl_acpi cxl_pci cxl_mem`"))
        let line = ModprobeSettings.Line(
            path: "/etc/modprobe.d/no.conf",
            number: 2,
            text: "install cxl_acpi /bin/false"
        )
        machine.modprobe = ModprobeSettings(keptOut: ["cxl_acpi": line])
        let kept = try #require(found(machine).first { $0.id == .noOwner })
        #expect(kept.fix.hasPrefix("remove \(line), then run `modprobe -a cxl_acpi"))
    }

    @Test("somebody has unbound cxl_acpi: the fix binds it")
    func unbound() throws {
        var machine = Machines.booted(.coordinated)
        machine.windows[0].isLive = false
        for module in ["dax_cxl", "dax_hmem"] { machine.modules.loaded[module] = nil }
        let finding = try #require(found(machine).first { $0.id == .noOwner })
        #expect(finding.fix.contains("`echo ACPI0017:00 > /sys/bus/platform/drivers/cxl_acpi/bind`"))
    }

    @Test("a failure of another device of that name, over other bytes, is not this one's")
    func otherDevice() {
        var machine = healthy()
        let line = "kmem dax0.0: mapping0: 0x1000-0x1fff could not reserve region"
        machine.driverFailures = [
            DriverFailure(
                kind: .reservation,
                subject: "dax0.0",
                range: Machines.span(0x1000, 0x1000),
                errno: 16,
                line: line
            )
        ]
        #expect(ids(machine) == [])
        machine.driverFailures[0].range = Machines.range
        #expect(ids(machine) == ["driver-refused"])
        // A driver that is bound now has not failed.
        machine.daxDevices[0].driver = "device_dax"
        #expect(ids(machine) == [])
    }

    @Test("a device below a block: driver-refused and the bytes that are lost")
    func capacity() throws {
        var machine = healthy()
        let bytes = Machines.span(0x5_d010_0000, 0x100_0000)
        machine.daxDevices[0].ranges = [bytes]
        machine.driverFailures = [
            DriverFailure(kind: .alignment, subject: "dax0.0", errno: 22, line: "kmem dax0.0: rejecting")
        ]
        let lost = try #require(found(machine).first { $0.id == .capacityLost })
        #expect(lost.ranges == [bytes] && lost.what.hasPrefix("16 MiB of dax0.0"))
        #expect(ids(machine).contains("driver-refused"))
    }

    @Test("kmem memory without a device: leaked, and not what follows from it")
    func leaked() {
        var machine = healthy()
        machine.daxDevices = []
        machine.iomem = IomemTree(inFileOrder: [IomemEntry(range: Machines.range, name: "System RAM (kmem)")])
        #expect(ids(machine) == ["leaked"])
        machine.daxDevices = [Machines.device(.hmem)]
        machine.regions = []
        machine.decoders = [
            Decoder(name: "decoder2.0", kind: .endpoint, range: Machines.range, locked: false, region: nil)
        ]
        #expect(ids(machine) == ["leaked"])
    }

    @Test("two devices over the same bytes: double-claim, a crash, first of all")
    func doubleClaim() {
        var machine = healthy()
        machine.daxDevices.append(Machines.device(.hmem))
        machine.daxDevices[1].name = "dax1.0"
        #expect(ids(machine).first == "double-claim")
        #expect(found(machine)[0].severity == .crash)
    }

    @Test("dax_hmem over window bytes without a decoder: undecoded; with one: nothing")
    func undecoded() {
        var machine = Machines.booted(.coordinated)
        machine.daxDevices = [Machines.device(.hmem)]
        #expect(ids(machine) == ["undecoded"])
        #expect(
            ids(
                {
                    var decoded = Machines.booted(.coordinated, decoded: [Machines.range])
                    decoded.daxDevices = [Machines.device(.hmem)]
                    return decoded
                }()
            ) == []
        )
    }

    @Test("dax_hmem over a committed region: how to hand it over, and never to create one")
    func handOver() throws {
        var machine = healthy()
        machine.daxDevices = [Machines.device(.hmem)]
        let finding = try #require(findings(of: machine) { [Machines.cxl] }.first)
        #expect(ids(machine) == ["hmem-over-region"] && finding.severity == .notice)
        #expect(finding.fix == "to let CXL own it, run `daxswitch apply cxl`")
        machine.modules.dependencies = ["dax_hmem": []]
        machine.modules.loaded["dax_cxl"] = nil
        #expect(found(machine)[0].fix.hasPrefix("none needed"))
    }

    @Test("a window over System RAM: the firmware, unless the kernel was told to ignore the mark")
    func systemRAM() throws {
        var machine = Machines.booted(.coordinated, ranges: [])
        machine.iomem = IomemTree(inFileOrder: [IomemEntry(range: Machines.window, name: "System RAM")])
        #expect(ids(machine) == ["firmware-system-ram"])
        machine.kernel.commandLine = KernelCommandLine("quiet efi=debug,nosoftreserve")
        #expect(ids(machine) == ["soft-reserve-off"])
        machine.kernel.commandLine = KernelCommandLine("")
        machine.softReserveIsOff = "/boot/config-test"
        #expect(found(machine)[0].evidence == ["/boot/config-test: # CONFIG_EFI_SOFT_RESERVE is not set"])
    }

    @Test("memory that goes online by itself is named only where it is this memory, with who does it")
    func autoOnline() throws {
        var machine = healthy()
        machine.memory.autoOnline = "online"
        #expect(ids(machine) == [])
        machine.daxDevices[0].driver = "kmem"
        machine.memory.blocks = [
            MemoryBlock(number: 186, range: Machines.span(0x5_d000_0000, 0x800_0000), isOnline: true, zone: "Normal")
        ]
        machine.memory.onliningRules = ["/etc/udev/rules.d/40-redhat.rules:1"]
        let finding = try #require(found(machine).first)
        #expect(finding.id == .autoOnline && finding.what.contains("zone Normal"))
        #expect(finding.evidence.contains("udev rule: /etc/udev/rules.d/40-redhat.rules:1"))
    }

    @Test("cxl_acpi is blocked: by what, with the file")
    func held() {
        var machine = healthy()
        machine.windows[0].isLive = false
        machine.isHeld = true
        #expect(ids(machine).contains("held"))
        machine.isHeld = false
        machine.kernel.commandLine = KernelCommandLine("initcall_blacklist=cxl_acpi_init")
        #expect(found(machine).last?.evidence == ["/proc/cmdline: initcall_blacklist= names cxl_acpi_init"])
        // What is in is not kept out.
        machine.windows[0].isLive = true
        #expect(!ids(machine).contains("held"))
    }

    @Test("a region of this boot that is gone: region-lost; one that waits in locked decoders is not lost")
    func lost() {
        var machine = Machines.booted(.coordinated)
        let unlocked = RememberedRegion(range: Machines.range, locked: false)
        #expect(machine.hasLost(unlocked))
        machine.windows[0].isLive = false
        #expect(machine.hasLost(unlocked) && !machine.hasLost(RememberedRegion(range: Machines.range, locked: true)))
        machine.lostRegions = [unlocked]
        #expect(ids(machine).contains("region-lost"))
    }

    @Test("the most severe first, and the health follows the most severe")
    func order() {
        var machine = healthy()
        machine.daxDevices.append(Machines.device(.hmem))
        let all = found(machine)
        #expect(all.map(\.severity) == all.map(\.severity).sorted())
        #expect(Health(all, of: machine) == .broken && Health([], of: machine) == .ok)
        // Nobody is known to own the memory, and nobody is known not to.
        machine.daxDevices = []
        machine.material.unrecorded = [.daxDevices]
        #expect(Health([], of: machine) == .attention)
    }

    @Test("a fix that names a command was planned on this machine: planned again it has no hazard")
    func planned() throws {
        var machine = healthy()
        machine.daxDevices = []
        let policy = Policy(
            name: "cxl",
            summary: "",
            order: [.unload("dax_cxl"), .unload("dax_hmem"), .load("dax_hmem"), .load("dax_cxl")],
            want: Policy.Want(coveredByRegion: .cxl, windowOnly: nil, outsideWindows: nil),
            consent: Policy.Consent()
        )
        let finding = try #require(findings(of: machine) { [policy] }.first)
        #expect(finding.fix == "run `daxswitch apply cxl`")
        let plan = try Planner(machine: machine).plan(policy)
        #expect(plan.hazards.isEmpty && plan.prediction.ranges.allSatisfy { $0.owners == [.cxl] })
    }
}
