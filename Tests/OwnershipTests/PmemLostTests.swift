import Iomem
import Machine
import Testing

@testable import Ownership

@Suite("A region of persistent memory that would be lost, or was lost in this boot")
struct PmemLostTests {
    private static let devices = ["0x1", "0x2"].map { serial in
        MemdevIdentity(serial: serial, path: "pci0000:0c/0000:0c:00.0/0000:0d:0\(serial.suffix(1)).0")
    }
    private static let layout = RegionLayout(
        name: "region0",
        range: Machines.range,
        mode: "pmem",
        uuid: "22acb393-d20c-463c-b002-3133d630382a",
        granularity: 256,
        targets: devices.map { RegionTarget(device: $0, dpa: AddressRange(start: 0, size: Machines.range.size / 2)) }
    )
    private static let volumes = [PmemVolume(mode: "fsdax", size: 254 << 20)]

    /// The drivers are in, the region is gone, and the memory devices have other numbers than their serial ones.
    private static func lost(_ layouts: [RegionLayout] = [layout]) -> MachineState {
        var machine = Machines.booted(.coordinated, ranges: [], regions: [])
        machine.memdevs = zip(["mem1", "mem0"], devices).map {
            Memdev(name: $0, hasEndpoint: true, persistentSize: Machines.range.size, identity: $1)
        }
        machine.decoders.append(
            Decoder(name: "decoder0.0", kind: .root, range: machine.windows[0].range, locked: false, region: nil)
        )
        machine.lostPmem = layouts.map { PmemRegion(layout: $0, volumes: volumes) }
        machine.pmemLabels = [
            PmemLabels(name: "nmem0", serial: "1", freeSlots: 1018),
            PmemLabels(name: "nmem1", serial: "2", freeSlots: nil),
        ]
        return machine
    }

    private func finding(_ machine: MachineState) throws -> Finding {
        try #require(findings(of: machine) { [] }.first { $0.id == .regionLost })
    }

    @Test("named with what was on it, the labels, and the command that creates it with the same devices in order")
    func named() throws {
        let found = try finding(Self.lost())
        #expect(
            found.what.contains("1 namespace (fsdax, 254 MiB)")
                && found.what.contains("does not create a region from labels")
        )
        #expect(
            found.evidence.contains("/sys/bus/nd/devices/nmem0/available_slots: room for 1018 more labels (serial 0x1)")
        )
        #expect(
            found.evidence.contains(
                "/sys/bus/nd/devices/nmem1/available_slots: no labels that the kernel can read (serial 0x2)"
            )
        )
        #expect(
            found.fix.contains(
                "`cxl create-region -m -t pmem -d decoder0.0 -w 2 -g 256 -s \(Machines.range.size) "
                    + "mem1 mem0`"
            )
        )
    }

    @Test("no command while a device is missing, its bytes are another's, or the drivers are not loaded")
    func obstacles() throws {
        var missing = Self.lost()
        missing.memdevs.removeLast()
        #expect(try finding(missing).fix.contains("its memory device 0000:0d:02.0 is missing"))
        var taken = Self.lost()
        taken.decoders.append(
            Decoder(
                name: "decoder2.0",
                kind: .endpoint,
                range: nil,
                locked: false,
                region: nil,
                memdev: "mem1",
                dpa: AddressRange(start: 0, size: 1 << 28)
            )
        )
        #expect(try finding(taken).fix.contains("decoder2.0 has bytes of mem1 that were its own"))
        var unloaded = Self.lost()
        unloaded.windows[0].isLive = false
        #expect(
            try finding(unloaded).fix.contains(
                "cxl_acpi is not loaded. Run `modprobe -a cxl_pmem cxl_acpi cxl_pci cxl_mem`"
            )
        )
        for machine in [missing, taken, unloaded] { #expect(try !finding(machine).fix.contains("cxl create-region")) }
    }

    @Test(
        "no command where the kernel crashes if cxl_pmem comes after the region; one where it is loaded or no such rule holds",
        arguments: [
            (
                .deferring, nil,
                "cxl_pmem is not loaded, and the kernel crashes if it is loaded after the region is created"
            ),
            (nil, nil, "Run `modprobe cxl_pmem`, then `daxswitch status` again"),
            (.deferring, "missing", "cxl_pmem is not in this kernel"), (.deferring, "builtin", "`cxl create-region"),
            (.hmemOnly, nil, "`cxl create-region"),
        ] as [(Generation?, String?, String)]
    )
    func bridge(generation: Generation?, state: String?, words: String) throws {
        var machine = Self.lost()
        machine.kernel.generation = Inferred(generation, evidence: ["the test says so"])
        machine.modules.loaded["cxl_pmem"] = nil
        if state == "builtin" { machine.modules.builtin.insert("cxl_pmem") }
        if state == "missing" { machine.modules.dependencies = ["cxl_acpi": []] }
        let fix = try finding(machine).fix
        #expect(fix.contains(words), "\(fix)")
        #expect(fix.contains("create-region") == words.contains("create-region"), "\(fix)")
    }

    @Test("namespaces of which nothing was recorded are called so")
    func unrecorded() {
        #expect(PmemRegion(layout: Self.layout, volumes: nil).words == "namespaces that were not recorded")
    }

    @Test("two on the same device: the one with the first bytes comes first")
    func order() throws {
        var second = Self.layout
        second.range = Machines.elsewhere
        for place in second.targets.indices {
            second.targets[place].dpa = AddressRange(start: Machines.range.size, size: 1 << 28)
        }
        let machine = Self.lost([second])
        var both = machine
        both.lostPmem = Self.lost().lostPmem + machine.lostPmem
        let fixes = findings(of: both) { [] }.filter { $0.id == .regionLost }.map(\.fix)
        #expect(fixes.count { $0.contains("create-region") } == 1)
    }

    @Test("one over the same bytes of the same devices is the same region, wherever the kernel has placed it")
    func elsewhere() {
        var machine = Self.lost()
        let region = PmemRegion(layout: Self.layout, volumes: nil)
        #expect(machine.hasLost(region))
        var moved = Self.layout
        moved.range = Machines.elsewhere
        moved.uuid = "22acb393-d20c-463c-b002-3133d630382b"
        machine.pmemRegions = [PmemRegion(layout: moved, volumes: [])]
        #expect(!machine.hasLost(region))
    }

    @Test("no policy creates it again, and apply says so")
    func never() throws {
        var policy = Machines.cxl
        policy.consent.restoreRegions = true
        let plan = try Planner(machine: Self.lost()).plan(policy)
        #expect(!plan.steps.contains { $0.verb == .restoreRegion })
        let note = plan.notes.first { $0.contains("with 1 namespace (fsdax, 254 MiB)") } ?? ""
        #expect(note.contains("persistent memory, which daxswitch never creates; `daxswitch status` shows the command"))
        // A capture has the layout as well.
        let earlier = EarlierRegions(file: "earlier.tgz", layouts: [Self.layout])
        let asked = { (machine: MachineState) in
            try Planner(machine: machine, overrides: Overrides(regions: earlier)).predict([.restoreRegion("region0")])
        }
        let why = try asked(Self.lost()).hazards.first?.why ?? ""
        #expect(why.hasSuffix("persistent memory, which daxswitch never creates; `daxswitch status` shows the command"))
        let unrecorded = try asked(Self.lost([])).hazards.first?.why ?? ""
        #expect(unrecorded.hasSuffix("persistent memory, which daxswitch never creates"), "\(unrecorded)")
    }

    @Test("a plan that would lose it says what is on it, and that the data stays on the devices")
    func refused() throws {
        var region = Machines.region(locked: false)
        region.mode = "pmem"
        var machine = Machines.booted(.coordinated, ranges: [], regions: [region])
        machine.pmem = []
        machine.pmemRegions = [PmemRegion(layout: Self.layout, volumes: Self.volumes)]
        let hazards = try Planner(machine: machine).predict([.unload("cxl_acpi")]).hazards
        #expect(hazards.map(\.id) == [.regionLost])
        #expect(
            hazards.first?.why.contains("1 namespace (fsdax, 254 MiB). Its data stays on the memory devices") == true
        )
        #expect(hazards.first?.why.contains("contents are lost") == false)
    }

    @Test("serial numbers that can't be read pair no labels with a device") func unreadableSerials() throws {
        var layout = Self.layout
        for place in layout.targets.indices { layout.targets[place].device?.serial = "?" }
        var machine = Self.lost([layout])
        machine.pmemLabels = [
            PmemLabels(name: "nmem0", serial: nil, freeSlots: 3), PmemLabels(name: "nmem1", serial: "!", freeSlots: 4),
        ]
        #expect(machine.labelEvidence(of: layout).isEmpty)
    }

    @Test("what is known of the namespaces stays while they can't be read, and is replaced once they can")
    func kept() {
        var machine = Self.lost([])
        let known = [PmemRegion(layout: Self.layout, volumes: Self.volumes)]
        machine.pmemRegions = [PmemRegion(layout: Self.layout, volumes: nil)]
        #expect(machine.pmemToRemember(kept: known) == known)
        machine.pmemRegions = [PmemRegion(layout: Self.layout, volumes: [])]
        #expect(machine.pmemToRemember(kept: known) == machine.pmemRegions)
        machine.pmemRegions = []
        #expect(machine.pmemToRemember(kept: known) == known)
    }
}
