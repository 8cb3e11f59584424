import CaptureReplay
import Inspection
import Iomem
import Machine
import TestCaptures
import Testing

@testable import Ownership

@Suite("What is not the same on two sides")
struct DiffTests {
    /// A recorded machine as a side, with what is wrong with it.
    private func side(_ machine: MachineState) -> Diff.Side { .machine(machine, findings(of: machine) { [] }) }

    private func machine(_ path: String) throws -> MachineState { try Replay.state(try TestCaptures.root(path)) }

    /// Who owns an address, by the devices alone.
    private func owner(of address: UInt64, on machine: MachineState) -> String {
        let owners = machine.daxDevices.filter { device in
            device.ranges.contains { $0.start <= address && address <= $0.end }
        }.compactMap(\.owner)
        return Set(owners).count > 1 ? "both" : owners.first?.rawValue ?? "none"
    }

    @Test("two moments of every recorded sequence: as the devices say, and the same from the other side")
    func everyPair() throws {
        var pairs = 0
        for kernel in TestCaptures.kernels {
            for scenario in TestCaptures.scenarios(kernel: kernel) {
                let roots = TestCaptures.roots(kernel: kernel, scenario: scenario)
                let sides = try roots.map { (name: $0.description, machine: try Replay.state($0)) }
                let told = sides.map { side($0.machine) }
                for (index, a) in sides.enumerated() {
                    let own = Diff(told[index], told[index])
                    #expect(own.isEmpty, "\(a.name) differs from itself: \(own.differences)")
                    // What it does not tell, it tells on neither side.
                    #expect(own.unknowns.allSatisfy { !$0.isInA && !$0.isInB }, "\(a.name)")
                    // These recordings were made before `collect` noted which directories of modprobe a machine has not.
                    #expect(Set(own.unknowns.map(\.kind)).isSubset(of: [.kernel, .modprobe]), "\(a.name)")
                    for other in sides.indices.dropFirst(index + 1) {
                        pairs += 1
                        let diff = Diff(told[index], told[other])
                        let back = Diff(told[other], told[index])
                        #expect(back == diff.mirrored, "\(a.name) and \(sides[other].name)")
                        check(diff, a.machine, sides[other].machine, "\(a.name) and \(sides[other].name)")
                    }
                }
            }
        }
        #expect(pairs > 5000)
    }

    private func check(_ diff: Diff, _ a: MachineState, _ b: MachineState, _ names: String) {
        let entries = diff.differences.filter { $0.kind == .owner }
        let ranges = entries.compactMap(\.range)
        #expect(ranges.merged().totalSize == ranges.totalSize, "\(names): bytes that are named twice")
        for (entry, range) in zip(entries, ranges) {
            for address in [range.start, range.end] {
                #expect(entry.a == [owner(of: address, on: a)], "\(names): \(entry)")
                #expect(entry.b == [owner(of: address, on: b)], "\(names): \(entry)")
            }
        }
        for device in (a.daxDevices + b.daxDevices).filter({ $0.owner != nil }) {
            for address in device.ranges.flatMap({ [$0.start, $0.end] })
            where owner(of: address, on: a) != owner(of: address, on: b) {
                let isNamed = ranges.contains { $0.start <= address && address <= $0.end }
                #expect(isNamed, "\(names): \(hexadecimal(address)) has another owner, and the difference lacks it")
            }
        }
    }

    @Test("two moments with steps between them: the bytes that were predicted to change owner are those that differ")
    func predictedOwners() throws {
        var certain = 0
        for kernel in ["7.3.4", "6.12.117-lab", "7.3.4-hmat"] {
            for scenario in TestCaptures.scenarios(kernel: kernel) {
                for transition in try Replay.transitions(kernel: kernel, scenario: scenario) {
                    let verdict = try Replay.verdict(transition)
                    let diff = Diff(.plan(verdict.plan), side(transition.after))
                    #expect(diff.mirrored == Diff(side(transition.after), .plan(verdict.plan)))
                    #expect(Diff(.plan(verdict.plan), .plan(verdict.plan)).isEmpty)
                    let owners = diff.differences.filter { $0.kind == .owner }
                    #expect(owners.isEmpty, "\(transition.from) -> \(transition.to): \(owners)")
                    guard verdict.isCertain else { continue }
                    certain += 1
                    let predicted = verdict.plan.prediction.ranges.filter { range in
                        range.ownerNow.map { [$0] } != range.owners
                    }.map(\.range).merged()
                    let found = Diff(side(transition.before), side(transition.after)).differences
                        .filter { $0.kind == .owner }.compactMap(\.range).merged()
                    #expect(found == predicted, "\(transition.from) -> \(transition.to)")
                }
            }
        }
        #expect(certain > 200)
    }

    @Test("a plan and a machine differ where verify says so")
    func asVerify() throws {
        let before = try machine("7.3.4/locked-switch/cxl-owned")
        let plan = try Planner(machine: before).predict([.unload("dax_cxl"), .unload("dax_hmem")])
        for moment in ["cxl-owned", "dax-out", "hmem-owned"] {
            let after = try machine("7.3.4/locked-switch/\(moment)")
            let verified = Target(of: plan).differences(on: after)
            let diff = Diff(.plan(plan), side(after))
            #expect(diff.isEmpty == verified.isEmpty, "\(moment): \(diff.differences)")
            let kinds = Set(verified.map(\.kind.rawValue))
            #expect(Set(diff.differences.map(\.kind.rawValue)) == kinds, "\(moment)")
        }
    }

    @Test("each fact that changes is a difference of its kind")
    func kinds() throws {
        let machine = try machine("7.3.4/locked-switch/cxl-owned")
        func kinds(_ change: (inout MachineState) -> Void) -> [Diff.Kind] {
            var other = machine
            change(&other)
            return Diff(.machine(machine, []), .machine(other, [])).differences.map(\.kind)
        }
        #expect(kinds { _ in } == [])
        #expect(kinds { $0.kernel.release = "7.3.5" } == [.kernel])
        #expect(kinds { $0.kernel.generation.value = .unfixed } == [.kernel])
        #expect(kinds { $0.initialProbe.value = .pending } == [.kernel])
        #expect(kinds { $0.modules.loaded["cxl_pmem"] = nil } == [.module])
        #expect(kinds { $0.windows[0].isLive = false } == [.window])
        #expect(kinds { $0.windows = [] } == [.window])
        #expect(kinds { $0.regions[0].committed = false } == [.region])
        #expect(kinds { $0.regions[0].locked = nil } == [])
        #expect(kinds { $0.regions[0].name = "region7" } == [])
        #expect(kinds { $0.daxDevices[0].name = "dax7.0" } == [])
        #expect(kinds { $0.daxDevices[0].owner = .hmem } == [.owner])
        #expect(kinds { $0.daxDevices = [] } == [.owner])
        #expect(kinds { $0.daxDevices[0].driver = "device_dax" } == [.use])
        #expect(kinds { $0.softReserved = [] } == [.softReserved])
        #expect(kinds { $0.isHeld = true } == [.hold])
        #expect(kinds { $0.holdGap = "half" } == [.hold])
        #expect(kinds { $0.persisted = .hmem } == [.nextBoot])
    }

    @Test(
        "kernel parameters and modprobe settings that matter: by value, wherever they stand; the others are no difference"
    )
    func settings() throws {
        var machine = try machine("7.3.4/locked-switch/cxl-owned")
        machine.modprobe.isRecorded = true
        func setting(_ keyword: String, _ value: String, line: Int = 1) -> ModprobeSettings.Setting {
            let line = ModprobeSettings.Line(path: "/etc/modprobe.d/local.conf", number: line, text: "")
            return ModprobeSettings.Setting(keyword: keyword, module: "dax_hmem", value: value, line: line)
        }
        machine.modprobe.settings = [setting("options", "region_idle=1")]
        func found(_ change: (inout MachineState) -> Void) -> [String] {
            var other = machine
            change(&other)
            let diff = Diff(.machine(machine, []), .machine(other, []))
            return diff.differences.map { "\($0.subject): \($0.a.joined()) | \($0.b.joined())" }
        }
        func add(_ words: String, to machine: inout MachineState) {
            let line = machine.kernel.commandLine.allParameters.map(\.text).joined(separator: " ")
            machine.kernel.commandLine = KernelCommandLine("\(line) \(words)")
        }
        #expect(found { add("quiet root=/dev/vda cxl_core.dyndbg=+p", to: &$0) } == [])
        #expect(found { add("kernelcore=1G kernelcore=2G", to: &$0) } == ["kernelcore:  | 1G 2G"])
        #expect(found { add("movable_node", to: &$0) } == ["movable_node:  | there"])
        #expect(found { $0.modprobe.settings[0].line.number = 7 } == [])
        let place = "/etc/modprobe.d/local.conf:1"
        #expect(
            found { $0.modprobe.settings[0].value = "x=2" }
                == ["options dax_hmem: region_idle=1 (\(place)) | x=2 (\(place))"]
        )
        #expect(found { $0.modprobe.settings.append(setting("blacklist", "")) } == ["blacklist dax_hmem:  | \(place)"])
        #expect(found { $0.modprobe.settings = [] } == ["options dax_hmem: region_idle=1 (\(place)) | "])
    }

    @Test("kernel parameters and modprobe settings that a side does not record are named")
    func unrecordedSettings() throws {
        var machine = try machine("7.3.4/locked-switch/cxl-owned")
        machine.modprobe.isRecorded = true
        var other = machine
        other.material.unrecorded = [.commandLine]
        other.modprobe.isRecorded = false
        let diff = Diff(.machine(machine, []), .machine(other, []))
        #expect(diff.isEmpty)
        #expect(diff.unknowns.map(\.kind) == [.parameter, .modprobe])
        #expect(diff.unknowns.allSatisfy { $0.isInA && !$0.isInB })
        let plan = try Planner(machine: machine).predict([.hold])
        #expect(Diff(.plan(plan), .machine(machine, [])).notCompared.isSuperset(of: [.parameter, .modprobe]))
        #expect(Diff(.plan(plan), .plan(plan)).notCompared.isSuperset(of: [.parameter, .modprobe]))
    }

    @Test("memory that goes offline in part: the bytes of those blocks, neighbours as one")
    func blocks() throws {
        let machine = try machine("7.3.4/auto-kmem/kmem-movable")
        let range = try #require(machine.daxDevices.first?.ranges.first)
        var other = machine
        let places = machine.memory.blocks.indices.filter { range.contains(machine.memory.blocks[$0].range) }
        for place in places.prefix(2) { other.memory.blocks[place].isOnline = false }
        let found = Diff(.machine(machine, []), .machine(other, [])).differences
        let bytes = places.prefix(2).map { machine.memory.blocks[$0].range }.merged()
        #expect(found.map(\.kind) == [.use] && found.map(\.range) == bytes.map(Optional.some))
        #expect(found.first?.a == ["system-ram, online (Movable)"] && found.first?.b == ["system-ram, offline"])
    }

    @Test("what a side does not record is no difference, and is named")
    func unknown() throws {
        var machine = try machine("7.3.4/locked-switch/cxl-owned")
        machine.modprobe.isRecorded = true
        var other = machine
        other.material.unrecorded = [.modules, .daxDevices, .cxlDevices, .acpiTables, .moduleSettings, .kernelRelease]
        other.modules = ModuleTable()
        other.modules.isRecorded = false
        other.daxDevices = []
        other.regions = []
        other.windows = []
        other.kernel.release = Kernel.unknownRelease
        let found = findings(of: machine) { [] }
        let diff = Diff(.machine(machine, found), .machine(other, []))
        // That the window is not in /proc/iomem shows.
        #expect(diff.differences.map(\.kind) == [.window])
        #expect(diff.unknowns.allSatisfy { $0.isInA && !$0.isInB })
        #expect(Set(diff.unknowns.map(\.kind)).isSuperset(of: [.kernel, .module, .region, .owner, .hold]))
    }

    @Test("a finding of the same kind about other bytes is another one")
    func otherFinding() throws {
        let one = Finding(
            .noOwner,
            subject: "a",
            ranges: [try #require(AddressRange(start: 0, end: 9))],
            what: "",
            evidence: [],
            fix: ""
        )
        let other = Finding(
            .noOwner,
            subject: "a",
            ranges: [try #require(AddressRange(start: 0, end: 4))],
            what: "",
            evidence: [],
            fix: ""
        )
        let renamed = Finding(.noOwner, subject: "b", ranges: one.ranges, what: "", evidence: [], fix: "")
        let machine = try machine("7.3.4/locked-switch/cxl-owned")
        func differences(_ a: Finding, _ b: Finding) -> [[String]] {
            Diff(.machine(machine, [a]), .machine(machine, [b])).differences.map { $0.a + ["|"] + $0.b }
        }
        #expect(differences(one, renamed) == [])
        #expect(
            differences(one, other) == [["loss", "|"], ["|", "loss"]]
                || differences(one, other) == [["|", "loss"], ["loss", "|"]]
        )
    }

    @Test("two plans: other steps, and what follows from them; the same from the other side")
    func plans() throws {
        let machine = try machine("7.3.4/locked-switch/cxl-owned")
        let planner = try Planner(machine: machine)
        let a = planner.predict([
            .unload("dax_cxl"), .unload("dax_hmem"), .hold, .unload("cxl_acpi"), .load("dax_hmem"),
        ])
        let b = planner.predict([.unload("dax_hmem"), .unload("dax_cxl")])
        let diff = Diff(.plan(a), .plan(b))
        #expect(diff.mirrored == Diff(.plan(b), .plan(a)))
        let kinds = Set(diff.differences.map(\.kind))
        #expect(kinds.isSuperset(of: [.owner, .module, .step]))
        let owner = diff.differences.first { $0.kind == .owner }
        #expect(owner?.a == ["hmem"] && owner?.b == ["none"])
    }
}
