import Iomem
import Machine
import Testing

@testable import Ownership

@Suite("Rules, steps and comparison")
struct RuleTests {
    @Test("every rule has its own id, a statement, a source and a generation")
    func rules() {
        #expect(Rule.all.count > 15 && Set(Rule.all.map(\.id)).count == Rule.all.count)
        let id = #/[a-z]+(-[a-z]+)*/#
        // A file of the kernel or of kmod, or the maintainers' mail.
        let source = #/(drivers/[a-z_/]+\.c|kmod, libkmod-[a-z]+\.c|maintainers' mail on ).*/#
        for rule in Rule.all {
            #expect(rule.id.wholeMatch(of: id) != nil, "\(rule.id)")
            #expect(rule.source.wholeMatch(of: source) != nil, "\(rule.id): \(rule.source)")
            #expect(rule.statement.hasSuffix(".") && !rule.generations.isEmpty, "\(rule.id)")
        }
    }

    @Test(
        "steps are written as policies write them",
        arguments: [
            "load:dax_hmem", "unload:cxl_acpi", "hold", "release", "offline-memory:0x5d0000000-0x5efffffff",
            "restore-use:0x5d0000000-0x5efffffff=system-ram/movable", "restore-use:0x0-0x7ffffff=system-ram/automatic",
            "restore-use:0x5d0000000-0x5efffffff=devdax", "restore-use:0x5d0000000-0x5efffffff=idle",
        ]
    )
    func steps(_ text: String) throws {
        #expect(try Step(parsing: text).description == text)
    }

    @Test(
        "what is no step says so",
        arguments: [
            "load", "load:", "load:ext4", "Hold", "", "reload:dax_hmem", "hold:1", "offline-memory",
            "offline-memory:5d0000000-5efffffff", "offline-memory:0x2-0x1", "restore-use:0x1-0x2",
            "restore-use:0x1-0x2=system-ram", "restore-use:0x1-0x2=devdax/movable", "restore-use:0x1-0x2=leaked",
        ]
    )
    func badSteps(_ text: String) {
        #expect(throws: StepError.self) { try Step(parsing: text) }
    }

    @Test("the initial probe asks every committed region, a persistent one as well")
    func persistentRegion() throws {
        var machine = Machines.booted(.coordinated, regions: [Machines.region(locked: false)])
        machine.regions[0].mode = "pmem"
        machine.initialProbe.value = .pending
        for module in ["dax_cxl", "dax_hmem"] { machine.modules.loaded[module] = nil }
        let plan = try Planner(machine: machine).predict([.load("dax_hmem")])
        #expect(plan.owners(of: Machines.range) == [.none])
    }

    @Test("a prediction names the rule that decides, and says it of the range")
    func namedRules() throws {
        let plan = try Planner(machine: Machines.cxlOwned(.coordinated, locked: true)).plan(Machines.hmem)
        #expect(plan.prediction.ranges.map(\.rules) == [[Rule.noWindow.id]])
        #expect(plan.prediction.ranges.first?.why.contains("\(Machines.range)") == true)
        #expect(Rule.named(Rule.noWindow.id) == Rule.noWindow && Rule.named("no-such-rule") == nil)
    }

    @Test("comparison lists every difference: owner, iomem line, module")
    func differences() throws {
        var machine = Machines.cxlOwned(.coordinated, locked: true)
        let plan = try Planner(machine: machine).plan(Machines.hmem)
        machine.iomem = IomemTree(inFileOrder: [
            IomemEntry(range: Machines.window, name: "CXL Window 0"),
            IomemEntry(range: Machines.range, name: "region0"),
        ])
        let found = compare(plan.prediction, with: machine)
        #expect(found.filter { $0.kind == .owner }.map(\.range) == [Machines.range])
        #expect(found.filter { $0.kind == .owner }.map(\.found) == ["cxl"])
        #expect(found.filter { $0.kind == .iomem }.map(\.found) == ["CXL Window N", "regionN"])
        #expect(
            found.filter { $0.kind == .module }.map(\.what) == [
                "module cxl_acpi is loaded, expected not loaded", "module dax_cxl is loaded, expected not loaded",
            ]
        )
    }

    @Test("ranges are cut where ownership can change, and tile what they cover")
    func tiling() {
        var machine = Machines.booted(.coordinated, ranges: [Machines.span(0x5_d000_0000, 0x4000_0000)])
        machine.regions = [Machines.region(locked: false)]
        machine.daxDevices = [Machines.device(.cxl)]
        let now = ownedRanges(of: machine)
        #expect(now.map(\.owner) == [.cxl, .none])
        #expect(now.map(\.range) == [Machines.range, Machines.span(0x5_f000_0000, 0x2000_0000)])
    }
}
