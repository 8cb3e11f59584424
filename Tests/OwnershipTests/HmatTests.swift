import CaptureReplay
import Iomem
import Machine
@testable import Ownership
import TestCaptures
import Testing

@Suite("With an HMAT, dax_hmem takes whole ranges of the SRAT")
struct HmatTests {
    /// Outside of the window: what is Soft Reserved, and a range of the SRAT that is twice as large.
    private static let memory = Machines.elsewhere
    private static let unit = Machines.span(memory.start, 2 * memory.size)
    private static let rest = Machines.span(memory.end + 1, memory.size)

    /// dax_hmem is not loaded, and of `unit` only `memory` is Soft Reserved; `line` lies over the rest.
    private func host(
        _ generation: Generation = .coordinated,
        _ memory: AddressRange = memory,
        of unit: AddressRange = unit,
        line: String? = nil
    ) -> MachineState {
        var machine = Machines.booted(generation)
        let lines = line.map { [IomemEntry(range: Self.rest, name: $0)] } ?? []
        machine.iomem = IomemTree(inFileOrder: lines)
        machine.softReserved = [SoftReservedRange(range: memory, sources: ["test"], hmemRange: unit)]
        machine.modules.loaded["dax_hmem"] = nil
        machine.modules.loaded["dax_cxl"] = nil
        return machine
    }

    private func loading(_ machine: MachineState) throws -> Plan {
        try Planner(machine: machine).predict([.load("dax_hmem")])
    }

    @Test(
        "status names the owner of every byte of a recorded device",
        arguments: ["7.3.4-hmat", "6.12.117-hmat"]
    )
    func status(kernel: String) throws {
        let moments = TestCaptures.all.filter { $0.kernel == kernel }
        #expect(!moments.isEmpty)
        for moment in moments {
            let machine = try Replay.state(moment)
            let owned = ownedRanges(of: machine)
            for device in machine.daxDevices {
                for bytes in device.ranges {
                    let told = owned.filter { $0.range.overlaps(bytes) && $0.owner == device.owner }.map(\.range)
                    #expect(bytes.subtracting(told).isEmpty, "\(moment): \(device.name)")
                }
            }
        }
    }

    @Test("System RAM in it: the device is there, and no driver can bind") func systemRAM() throws {
        let plan = try loading(host(line: "System RAM"))
        #expect(plan.prediction.isCertain && plan.owners(of: Self.rest) == [.hmem])
        let hazard = try #require(plan.hazards.first)
        #expect(plan.hazards.map(\.id) == [.unbindable] && hazard.subject == "\(Self.unit)")
        #expect(hazard.why.contains("System RAM (\(Self.rest)) lies in it"))
        #expect(hazard.fix.contains("`echo 0x10000000 > /sys/bus/dax/devices/daxN.0/size`"))
        #expect(plan.prediction.iomem.allSatisfy { $0.name != "daxN.M" })
    }

    @Test("bytes that no memory answers for crash the kernel once they are online", arguments: [true, false])
    func nothingThere(isAutomatic: Bool) throws {
        var machine = host()
        machine.memory.autoOnline = isAutomatic ? "online" : "offline"
        let plan = try loading(machine)
        #expect(plan.owners(of: Self.rest) == [.hmem])
        let hazard = try #require(plan.hazards.first)
        #expect(plan.hazards.map(\.id) == [.undecodedRange] && hazard.subject == "\(Self.rest)")
        #expect(hazard.severity == .crash && hazard.why.contains("goes online by itself") == isAutomatic)
        for word in ["memhp_default_state=offline", "device_dax", "/size", "firmware"] {
            #expect(hazard.fix.contains(word))
        }
    }

    @Test("the device is there: status finds it, with what keeps the memory usable") func finding() throws {
        var machine = host()
        machine.daxDevices = [Machines.device(.hmem, Self.unit)]
        let finding = try #require(findings(of: machine) { [Machines.hmem, Machines.cxl] }.first)
        #expect(finding.id == .undecoded && finding.ranges == [Self.rest])
        #expect(finding.evidence.contains { $0.contains("SRAT: \(Self.unit)") && $0.contains("\(Self.memory)") })
        #expect(finding.fix.contains("`echo 0x10000000 > /sys/bus/dax/devices/dax0.0/size`"))
        machine.memory.blocks = [MemoryBlock(number: 1, range: Self.rest, isOnline: true, zone: "Normal")]
        let online = try #require(findings(of: machine) { [] }.first)
        #expect(online.what.contains("can crash at any time") && online.fix.contains("memhp_default_state=offline"))
    }

    @Test("a device made as small as its memory is as any other") func smaller() {
        var machine = host()
        machine.daxDevices = [Machines.device(.hmem, Self.memory)]
        #expect(findings(of: machine) { [] }.isEmpty)
        #expect(ownedRanges(of: machine).map(\.owner) == [.hmem, .none])
        #expect(ownedRanges(of: machine).map(\.memory) == [.softReserved, .none])
    }

    @Test("nobody misses what is no memory: it is no loss without owner, and no policy wishes for it") func noWish()
        throws
    {
        var machine = host()
        machine.daxDevices = [Machines.device(.hmem, Self.memory)]
        machine.modules.loaded["dax_hmem"] = machine.modules.loaded["cxl_acpi"]
        #expect(try Planner(machine: machine).unmet(Machines.hmem.want).isEmpty)
        machine.daxDevices = [Machines.device(.hmem, Self.unit)]
        let plan = try Planner(machine: machine).predict([.unload("dax_hmem")])
        #expect(plan.hazards.map(\.subject) == ["\(Self.memory)"])
    }

    @Test("before 7.0 the kernel leaves a mixed range alone: its Soft Reserved bytes are nobody's") func mixed() throws
    {
        var machine = host(.deferring)
        machine.softReserved[0].hmemRange = nil
        machine.iomem = IomemTree(inFileOrder: [
            IomemEntry(range: Self.memory, name: "Soft Reserved"), IomemEntry(range: Self.rest, name: "System RAM"),
        ])
        let plan = try loading(machine)
        #expect(plan.owners(of: Self.memory) == [.none] && plan.owners(of: Self.rest).isEmpty)
        #expect(plan.prediction.ranges[0].rules == ["proximity-ranges", "mixed-range"])
    }

    @Test("before 7.0 the line of the memory cuts the larger device: no driver can bind") func lineCuts() throws {
        var machine = host(.deferring)
        machine.iomem = IomemTree(inFileOrder: [IomemEntry(range: Self.memory, name: "Soft Reserved")])
        let plan = try loading(machine)
        #expect(plan.hazardIDs == [.undecodedRange, .unbindable])
        #expect(plan.owners(of: Self.unit) == [.hmem])
    }

    /// The whole window is one range of the SRAT, the region lies over its first part.
    private func wholeWindow(_ generation: Generation) -> MachineState {
        var machine = host(generation, Machines.range, of: Machines.window)
        machine.regions = [Machines.region(locked: false)]
        machine.decoders = [
            Decoder(name: "decoder2.0", kind: .endpoint, range: Machines.range, locked: false, region: "region0")
        ]
        return machine
    }

    @Test("a whole window as one range: the first probe gives it to dax_hmem, and nobody can use it") func window()
        throws
    {
        var machine = wholeWindow(.coordinated)
        machine.initialProbe.value = .pending
        let plan = try Planner(machine: machine).predict([.load("dax_hmem"), .load("dax_cxl")])
        #expect(plan.owners(of: Machines.window) == [.hmem])
        #expect(plan.hazardIDs == [.undecodedRange, .unbindable])
        machine.initialProbe.value = .done
        let later = try Planner(machine: machine).predict([.load("dax_hmem"), .load("dax_cxl")])
        #expect(later.hazards.isEmpty && later.owners(of: Machines.range) == [.cxl])
    }

    @Test(
        "a window larger than its memory is not to be persisted for hmem",
        arguments: [Generation.coordinated, .deferring]
    )
    func persisted(generation: Generation) throws {
        let hazard = try #require(NextBoot(of: wholeWindow(generation)).hazards(of: .hmem).first)
        #expect(hazard.id == .undecodedRange && hazard.why.contains("\(Machines.window)"))
        #expect(hazard.fix.contains("leave it to CXL"))
        var unseen = wholeWindow(generation)
        unseen.windows[0].isLive = false
        unseen.regions = []
        unseen.decoders = []
        #expect(NextBoot(of: unseen).hazards(of: .hmem).map(\.id) == [.undecodedRange])
    }

    @Test("a recorded host of that kind: no plan and no fix leads it to persist hmem") func recorded() throws {
        for moment in TestCaptures.roots(kernel: "7.3.4-hmat", scenario: "hmat-cxl-window") {
            let machine = try Replay.state(moment)
            #expect(!NextBoot(of: machine).hazards(of: .hmem).isEmpty, "\(moment)")
            let plan = try Planner(machine: machine).plan(Machines.hmem)
            #expect(plan.recommendation == nil, "\(moment)")
            let texts = findings(of: machine) { [Machines.hmem, Machines.cxl] }.map(\.fix) + plan.hazards.map(\.fix)
            #expect(texts.allSatisfy { !$0.contains("persist hmem") }, "\(moment): \(texts)")
        }
    }

    @Test("outside of windows every boot leads to the same: persist hmem is no remedy", arguments: ["System RAM", nil])
    func everyBoot(line: String?) throws {
        var machine = host(line: line)
        machine.modules.loaded["cxl_acpi"] = nil
        machine.windows = []
        let plan = try Planner(machine: machine).plan(Machines.hmem)
        #expect(plan.hazards.map(\.id) == [line == nil ? .undecodedRange : .unbindable])
        #expect(plan.recommendation == nil)
    }
}
