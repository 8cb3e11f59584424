import Iomem
import Machine
import Testing

@testable import Ownership

@Suite("Regions of this boot that are gone, made again")
struct RestoreTests {
    private static let device = MemdevIdentity(serial: "0x1", path: "pci0000:0c/0000:0c:00.0/0000:0d:00.0")
    private static let other = MemdevIdentity(serial: "0x2", path: "pci0000:0c/0000:0c:01.0/0000:0e:00.0")

    private static func layout(
        _ range: AddressRange = Machines.range,
        name: String = "region0",
        from start: UInt64 = 0,
        of device: MemdevIdentity = device
    ) -> RegionLayout {
        let dpa = AddressRange(start: start, size: range.size)
        return RegionLayout(
            name: name,
            range: range,
            granularity: 256,
            targets: [RegionTarget(device: device, dpa: dpa)]
        )
    }

    /// A machine whose regions are gone; the drivers are in.
    private static func machine(
        _ generation: Generation = .coordinated,
        lost: [RegionLayout],
        regions: [Region] = []
    ) -> MachineState {
        var machine = Machines.booted(generation, regions: regions)
        machine.memdevs = [
            Memdev(name: "mem1", hasEndpoint: true, identity: device),
            Memdev(name: "mem0", hasEndpoint: true, identity: other),
        ]
        machine.lostRegions = lost.map { RememberedRegion(range: $0.range, locked: false, layout: $0) }
        return machine
    }

    private static var cxl: Policy {
        var policy = Machines.cxl
        policy.consent.restoreRegions = true
        return policy
    }

    @Test("a policy that may, restores it, and CXL owns it") func restored() throws {
        let plan = try Planner(machine: Self.machine(lost: [Self.layout()])).plan(Self.cxl)
        #expect(
            plan.steps == [.restoreRegion("region0", Machines.range)] && plan.hazards.isEmpty
                && plan.prediction.isCertain
        )
        #expect(plan.prediction.ranges.map(\.owners) == [[.cxl]])
        #expect(plan.notes.contains { $0.contains("contents are not promised") })
    }

    @Test("a policy that may not, leaves it") func left() throws {
        let plan = try Planner(machine: Self.machine(lost: [Self.layout()])).plan(Machines.cxl)
        #expect(!plan.steps.contains { $0.verb == .restoreRegion })
    }

    @Test("with dax_cxl out, its loading is in the plan") func withoutDaxCxl() throws {
        var machine = Self.machine(lost: [Self.layout()])
        machine.modules.loaded["dax_cxl"] = nil
        machine.modules.loaded["dax_hmem"] = nil
        let plan = try Planner(machine: machine).plan(Self.cxl)
        #expect(plan.steps == [.restoreRegion("region0", Machines.range), .load("dax_hmem"), .load("dax_cxl")])
        #expect(plan.hazards.isEmpty)
    }

    @Test("three in one window, in the order of addresses") func three() throws {
        let size: UInt64 = 0x2000_0000
        let layouts = [2, 0, 1].map { place in
            Self.layout(
                Machines.span(Machines.window.start + place * size, size),
                name: "region\(place)",
                from: place * size
            )
        }
        let plan = try Planner(machine: Self.machine(lost: layouts)).plan(Self.cxl)
        #expect(plan.steps.compactMap(\.region) == ["region0", "region1", "region2"] && plan.hazards.isEmpty)
    }

    /// Each obstacle with a word of the sentence that names it.
    static let obstacles: [(MachineState, String)] = {
        let above = Machines.span(Machines.window.start + 0x4000_0000, 0x2000_0000)
        let region = Region(
            name: "region7",
            range: above,
            mode: "ram",
            committed: true,
            locked: false,
            assembled: true,
            daxDriver: nil,
            targets: ["decoder2.0"],
            granularity: 256
        )
        var over = region
        over.range = Machines.span(Machines.range.start, 0x1000_0000)
        var gone = machine(lost: [layout()])
        gone.memdevs.removeAll { $0.identity == device }
        var reserved = machine(.deferring, lost: [layout()])
        reserved.iomem = IomemTree(inFileOrder: [IomemEntry(range: Machines.range, name: "Soft Reserved")])
        var pmem = layout()
        pmem.mode = "pmem"
        var dynamic = layout()
        dynamic.mode = "dynamic_ram_a"
        var accelerator = layout()
        accelerator.isOfAccelerator = true
        var emulated = layout()
        emulated.isEmulated = true
        var odd = layout()
        odd.granularity = 32768
        return [
            (machine(lost: [layout()], regions: [region]), "higher address"),
            (machine(lost: [layout()], regions: [over]), "overlaps it"), (gone, "0000:0d:00.0 is missing"),
            (reserved, "Soft Reserved line"),
            (machine(lost: [layout(from: 0x1000_0000)]), "0000:0d:00.0 from byte"),
            (machine(lost: [layout(above)]), "would place it at 0x5d0000000, not at 0x610000000"),
            (machine(lost: [pmem]), "persistent"), (machine(lost: [dynamic]), "dynamic"),
            (machine(lost: [accelerator]), "accelerator"), (machine(lost: [emulated]), "range registers"),
            (machine(lost: [odd]), "granularity"), (machine(.hmemOnly, lost: [layout()]), "can't create regions"),
        ]
    }()

    @Test("what can't be given back is left alone, and the plan says why", arguments: obstacles)
    func obstacle(machine: MachineState, word: String) throws {
        let planner = try Planner(machine: machine)
        let plan = planner.plan(Self.cxl)
        #expect(!plan.steps.contains { $0.verb == .restoreRegion })
        #expect(plan.notes.contains { $0.contains(word) && $0.hasPrefix("region0") }, "\(word): \(plan.notes)")
        let asked = planner.predict([.restoreRegion("region0")])
        #expect(asked.hazards.contains { $0.id == .stepRefused && $0.why.contains(word) }, "\(word)")
    }

    @Test("reload of an unlocked region makes it again, and its loss is no hazard") func reload() throws {
        var region = Machines.region(Machines.range, locked: false)
        region.targets = ["decoder2.0"]
        region.granularity = 256
        var machine = Self.machine(lost: [], regions: [region])
        machine.decoders[0].memdev = "mem1"
        machine.decoders[0].dpa = AddressRange(start: 0, size: Machines.range.size)
        var policy = Self.cxl
        policy.order = [.unload("dax_cxl"), .unload("dax_hmem"), .unload("cxl_acpi")] + policy.order.dropFirst(2)
        policy.want = Policy.Want()
        let plan = try Planner(machine: machine).plan(policy)
        #expect(plan.hazards.isEmpty, "\(plan.hazards.map(\.why))")
        let steps = plan.steps.map(\.description)
        let (removal, restoration) = (
            steps.firstIndex(of: "unload:cxl_acpi"), steps.firstIndex(of: "restore-region:region0")
        )
        let absences = try Planner(machine: machine).absences(during: plan.steps)
        #expect(absences.map(\.removal) == [removal] && absences.map(\.restoration) == [restoration])
        let words =
            "Step \((removal ?? 0) + 1) removes region0 (\(Machines.range)) and step \((restoration ?? 0) + 1) creates it again "
            + "at the same addresses, on the same parts of the same memory devices. In between it is gone. Its contents are not promised."
        #expect(plan.notes.contains(words), "\(plan.notes)")
        policy.consent.restoreRegions = false
        let without = try Planner(machine: machine).plan(policy)
        #expect(without.hazards.contains { $0.id == .regionLost })
    }

    /// Two dax devices over halves of the region: device_dax has the first, and the memory of the second was online.
    private static let halves = [
        RegionDevice(ranges: [Machines.span(Machines.range.start, 0x1000_0000)], driver: "device_dax"),
        RegionDevice(
            ranges: [Machines.span(Machines.range.start + 0x1000_0000, 0x1000_0000)],
            driver: "kmem",
            online: [
                OnlineMemory(range: Machines.span(Machines.range.start + 0x1000_0000, 0x1000_0000), zone: "Movable")
            ]
        ),
    ]

    private static func lost(with devices: [RegionDevice]?) -> RegionLayout {
        var layout = layout()
        layout.devices = devices
        return layout
    }

    @Test("the dax devices that it had are created again, each with its use, and the plan says from where it is known")
    func devices() throws {
        let planner = try Planner(machine: Self.machine(lost: [Self.lost(with: Self.halves)]))
        let plan = planner.plan(Self.cxl)
        let (first, second) = (Self.halves[0].ranges[0], Self.halves[1].ranges[0])
        #expect(
            plan.steps == [
                .restoreRegion("region0", Machines.range), .splitDevice(second), .restoreUse(first, .devdax),
                .restoreUse(second, .systemRAM(.movable)),
            ]
        )
        #expect(plan.hazards.isEmpty && plan.prediction.isCertain)
        let words =
            "At the last apply (/run/daxswitch/regions.json) it had 256 MiB devdax and 256 MiB system-ram/movable."
        #expect(plan.notes.contains { $0.contains("\(words) It has this use again after the steps") }, "\(plan.notes)")

        let idle = planner.plan(Self.cxl, leavesIdle: true)
        #expect(idle.steps == [.restoreRegion("region0", Machines.range)])
        #expect(idle.notes.contains { $0.contains("not restored (--leave-idle)") })
    }

    @Test("with dax_cxl out too, the devices come after it") func devicesWithoutDaxCxl() throws {
        var machine = Self.machine(lost: [Self.lost(with: Self.halves)])
        machine.modules.loaded["dax_cxl"] = nil
        machine.modules.loaded["dax_hmem"] = nil
        let steps = try Planner(machine: machine).plan(Self.cxl).steps.map(\.verb)
        #expect(steps == [.restoreRegion, .load, .load, .splitDevice, .restoreUse, .restoreUse])
    }

    @Test("a capture that shows the devices is enough, and is named") func devicesOfCapture() throws {
        let earlier = EarlierRegions(file: "earlier.tgz", layouts: [Self.lost(with: Self.halves)])
        let plan = try Planner(machine: Self.machine(lost: []), overrides: Overrides(regions: earlier)).plan(Self.cxl)
        #expect(plan.steps.map(\.verb) == [.restoreRegion, .splitDevice, .restoreUse, .restoreUse])
        #expect(plan.notes.contains { $0.contains("In earlier.tgz it had 256 MiB devdax") }, "\(plan.notes)")
    }

    @Test(
        "devices that can't be created again are named and left, and so is a use that comes by itself",
        arguments: [
            (nil, "were not recorded"), ([halves[1]], "The steps don't restore this use"),
            ([RegionDevice(ranges: [Machines.range], driver: "kmem")], nil), ([], nil),
            ([RegionDevice(ranges: [Machines.range], driver: nil)], nil),
        ] as [([RegionDevice]?, String?)]
    )
    func otherDevices(devices: [RegionDevice]?, words: String?) throws {
        let plan = try Planner(machine: Self.machine(lost: [Self.lost(with: devices)])).plan(Self.cxl)
        #expect(plan.steps == [.restoreRegion("region0", Machines.range)] && plan.hazards.isEmpty)
        let note = plan.notes.first { $0.hasPrefix("region0") } ?? ""
        #expect(words.map(note.contains) ?? note.hasSuffix("not promised."), "\(note)")
    }

    @Test("a device that somebody has made idle is idle again, although kmem is loaded by then") func idleDevice()
        throws
    {
        let idle = RegionDevice(ranges: [Machines.range], driver: nil, isLeftIdle: true)
        var machine = Self.machine(lost: [Self.lost(with: [idle])])
        machine.modules.loaded["kmem"] = machine.modules.loaded["dax_cxl"]
        let plan = try Planner(machine: machine).plan(Self.cxl)
        #expect(plan.steps == [.restoreRegion("region0", Machines.range), .restoreUse(Machines.range, .idle)])
    }

    @Test("a layout that is nowhere recorded is asked for") func unknownLayout() throws {
        let plan = try Planner(machine: Self.machine(lost: [])).predict([.restoreRegion("region0")])
        let refused = try #require(plan.hazards.first { $0.id == .stepRefused })
        #expect(
            refused.why == "this step can't be carried out: the layout of region0 is not recorded on this machine"
                && refused.fix == "use --regions-from with a capture from before the loss"
        )
        let other = EarlierRegions(file: "earlier.tgz", layouts: [Self.layout(name: "region9")])
        let planner = try Planner(machine: Self.machine(lost: []), overrides: Overrides(regions: other))
        let missing = try #require(planner.predict([.restoreRegion("region0")]).hazards.first)
        #expect(missing.why.hasSuffix("region0 is neither recorded on this machine nor in earlier.tgz"))
        var bare = Self.layout()
        bare.targets = []
        let half = try Planner(machine: Self.machine(lost: [bare])).predict([.restoreRegion("region0")])
        #expect(half.hazards.first?.why == "this step can't be carried out: its layout was not recorded")
        #expect(half.hazards.first?.fix == refused.fix)
    }

    @Test("the command that comes next has the options that were asked for, and the capture as a shell takes it")
    func nextCommand() throws {
        let earlier = EarlierRegions(file: "my capture.tgz", layouts: [Self.layout()])
        let planner = try Planner(machine: Self.machine(lost: []), overrides: Overrides(regions: earlier))
        let command = "daxswitch apply cxl --regions-from 'my capture.tgz'"
        #expect(planner.plan(Self.cxl).recommendation == command)
        #expect(planner.plan(Self.cxl, leavesIdle: true).recommendation == "\(command) --leave-idle")
    }

    @Test("what only the steps give to dax_hmem is not said to be there now, and hides no other reason")
    func takenBySteps() throws {
        let note = { (layout: RegionLayout) in
            var machine = Self.machine(lost: [layout])
            machine.modules.loaded["dax_hmem"] = nil
            machine.modules.loaded["dax_cxl"] = nil
            var policy = Self.cxl
            policy.want.windowOnly = .hmem
            machine.initialProbe = Inferred(.pending, evidence: ["the test says so"])
            let plan = try Planner(machine: machine).plan(policy)
            #expect(plan.prediction.ranges.contains { $0.owners == [.hmem] }, "\(plan.steps) \(plan.notes)")
            return plan.notes.first { $0.contains("not created again") } ?? ""
        }
        let other = try note(Self.layout(from: 0x1000_0000))
        #expect(other.contains("the kernel would use 0000:0d:00.0 from byte"), "\(other)")
        var pmem = Self.layout()
        pmem.mode = "pmem"
        #expect(try note(pmem).contains("persistent memory"))
    }

    @Test("a policy that may not, says which may") func otherPolicy() throws {
        let earlier = EarlierRegions(file: "earlier.tgz", layouts: [Self.layout()])
        let planner = try Planner(machine: Self.machine(lost: []), overrides: Overrides(regions: earlier))
        let notes = planner.plan(Machines.cxl).notes
        #expect(
            notes.contains { $0.hasPrefix("--regions-from has no effect") && $0.hasSuffix("Use policy cxl or reload.") }
        )
        let odd = EarlierRegions(file: "earlier.tgz", layouts: [Self.layout(from: 0x1000_0000)])
        let other = try Planner(machine: Self.machine(lost: []), overrides: Overrides(regions: odd))
        let words = "is in earlier.tgz but not on this machine. It is not created again: the kernel would use"
        #expect(other.plan(Self.cxl).notes.contains { $0.contains(words) })
    }

    @Test("memory of it that is stuck online keeps it from being created again, by name") func stuck() throws {
        var machine = Self.machine(lost: [Self.lost(with: Self.halves)])
        machine.iomem = IomemTree(inFileOrder: [
            IomemEntry(range: Machines.window, name: "CXL Window 0"),
            IomemEntry(range: Self.halves[1].ranges[0], name: "System RAM (kmem)"),
        ])
        let plan = try Planner(machine: machine).plan(Self.cxl)
        #expect(!plan.steps.contains { $0.verb == .restoreRegion })
        #expect(plan.notes.contains { $0.contains("still online without a device") }, "\(plan.notes)")
    }

    @Test("a name that the kernel has given to another region since names the one that is gone") func sameName() throws
    {
        let below = Region(
            name: "region0",
            range: Machines.range,
            mode: "ram",
            committed: true,
            locked: false,
            assembled: true,
            daxDriver: nil,
            targets: [],
            granularity: 256
        )
        let lost = Self.layout(Machines.span(Machines.range.end + 1, 0x2000_0000), of: Self.other)
        let plan = try Planner(machine: Self.machine(lost: [lost], regions: [below])).plan(Self.cxl)
        #expect(plan.steps.contains(.restoreRegion("region0", lost.range)))
        #expect(plan.prediction.ranges.contains { $0.range == lost.range && $0.owners == [.cxl] })
    }

    @Test("bytes of the device that a decoder has without a region move the next region: predicted and refused")
    func reserved() throws {
        var machine = Self.machine(lost: [Self.layout()])
        machine.decoders.append(
            Decoder(
                name: "decoder2.1",
                kind: .endpoint,
                range: nil,
                locked: false,
                region: nil,
                memdev: "mem1",
                dpa: AddressRange(start: 0, size: 0x1000_0000)
            )
        )
        let words = "the kernel would use 0000:0d:00.0 from byte 0x10000000 on"
        let refused = try Planner(machine: machine).predict([.restoreRegion("region0")])
        #expect(refused.hazards.contains { $0.id == .stepRefused && $0.why.contains(words) }, "\(refused.hazards)")
        // Those of a region that daxswitch has begun are given back first; another decoder's are not.
        machine.unfinishedRegion = UnfinishedRegion(
            name: "region0",
            parts: [UnfinishedRegion.Part(device: Self.device, decoder: 1, size: 0x1000_0000)]
        )
        #expect(try Planner(machine: machine).predict([.restoreRegion("region0")]).hazards.isEmpty)
        machine.unfinishedRegion?.parts[0].decoder = 0
        let others = try Planner(machine: machine).predict([.restoreRegion("region0")])
        #expect(others.hazards.contains { $0.id == .stepRefused && $0.why.contains(words) })
    }

    /// region0 at the upper half of the window has the bytes of the device that a lost region below it had.
    private static func replacing(_ range: AddressRange) -> MachineState {
        var region = Machines.region(range, locked: false)
        region.targets = ["decoder2.0"]
        region.granularity = 256
        var machine = machine(lost: [layout(Machines.range, name: "region7")], regions: [region])
        machine.decoders[0].memdev = "mem1"
        machine.decoders[0].dpa = AddressRange(start: 0, size: range.size)
        machine.decoders[0].range = range
        machine.decoders[0].name = "decoder2.0"
        return machine
    }

    @Test(
        "a lost region whose bytes a newer one has is not created in its place",
        arguments: [
            // The same bytes of the device, or a part of the same addresses.
            Machines.span(Machines.range.end + 1, 0x2000_0000),
            Machines.span(Machines.range.start + 0x1000_0000, 0x2000_0000),
        ]
    )
    func replaced(range: AddressRange) throws {
        let machine = Self.replacing(range)
        var policy = Self.cxl
        policy.order = [.unload("dax_cxl"), .unload("dax_hmem"), .unload("cxl_acpi")] + policy.order.dropFirst(2)
        policy.want = Policy.Want()
        let plan = try Planner(machine: machine).plan(policy)
        let created = plan.steps.filter { $0.verb == .restoreRegion }
        #expect(!created.contains(.restoreRegion("region7", Machines.range)), "\(plan.steps)")
    }

    @Test("facts of a region whose bytes of a device another one has now are not kept") func replacedFacts() throws {
        let range = Machines.span(Machines.range.end + 1, 0x2000_0000)
        let machine = Self.replacing(range)
        let kept = RememberedDecoders(regions: machine.lostRegions, decoded: [])
        #expect(machine.decodersToRemember(kept: kept)?.regions.map(\.range) == [range])
    }
}
