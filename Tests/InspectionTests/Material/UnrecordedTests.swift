import Foundation
import Iomem
import Machine
import Ownership
import TestCaptures
import Testing

@testable import Inspection

/// What is not in the material is unknown: it neither is there nor is not.
@Suite("Material: what is not in it") struct UnrecordedTests {
    private func text(_ lines: String) throws -> MachineState {
        let path = TestCaptures.newDirectory() + "/ticket.txt"
        try lines.write(toFile: path, atomically: true, encoding: .utf8)
        return try Inspector(root: path).read()
    }

    @Test("of lines alone, everything but what they say is unknown") func alone() throws {
        let machine = try text("5d0000000-6cfffffff : CXL Window 0\n  5d0000000-5efffffff : Soft Reserved\n")
        #expect(machine.material.unrecorded == Set(MaterialReport.Part.allCases))
        #expect(machine.kernel.generation.value == nil)
        #expect(machine.modules.state(of: "cxl_acpi") == .live && machine.modules.state(of: "dax_hmem") == .unknown)
        #expect(ownedRanges(of: machine).map(\.isOwnerKnown) == [false])
        #expect(machine.decoderHistory.value != .asAtBoot && machine.initialProbe.value == .unknown)
    }

    @Test("the last line need not be whole in a text") func lastLine() throws {
        #expect(try text("5d0000000-5efffffff : Soft Reserved").softReserved.count == 1)
    }

    @Test("lines of devices say who owns: 7.x with a region, 7.x without one, 6.1 with hmem.N")
    func devices() throws {
        let cxl = try text(
            """
            5d0000000-6cfffffff : CXL Window 0
              5d0000000-5efffffff : region0
                5d0000000-5efffffff : dax0.0
                  5d0000000-5efffffff : System RAM (kmem)
              600000000-61fffffff : region1
            """
        )
        #expect(cxl.regions.map(\.name) == ["region0", "region1"] && cxl.regions.map(\.assembled) == [true, false])
        let owned = ownedRanges(of: cxl)
        #expect(owned.map(\.owner) == [.cxl, .none] && owned.map(\.isOwnerKnown) == [true, false])
        #expect(owned.map(\.use) == [.systemRAM, .none] && owned[0].through == "region0")
        let hmem = try text("5d0000000-5efffffff : dax3.0\n  5d0000000-5efffffff : System RAM (kmem)\n")
        #expect(ownedRanges(of: hmem).map(\.owner) == [.hmem] && ownedRanges(of: hmem)[0].through == nil)
        #expect(ownedRanges(of: hmem)[0].useIsKnown)
        let old = try text(
            "5d0000000-5efffffff : Soft Reserved\n  5d0000000-5efffffff : hmem.0\n    5d0000000-5efffffff : dax0.0\n"
        )
        #expect(ownedRanges(of: old).map(\.through) == ["hmem.0"])
        // A character device, famfs, or an excerpt without kmem's line.
        #expect(ownedRanges(of: old).map(\.useIsKnown) == [false])
        #expect(old.kernel.generation.value == .hmemOnly)
        let pmem = try text("5d0000000-5efffffff : Persistent Memory\n  5d0000000-5dfffffff : dax0.0\n")
        #expect(ownedRanges(of: pmem).isEmpty)
    }

    @Test("an excerpt with kmem's line alone is not leaked memory") func excerpt() throws {
        let machine = try text("5d0000000-5efffffff : Soft Reserved\n  5d0000000-5efffffff : System RAM (kmem)\n")
        #expect(ownedRanges(of: machine).map(\.use) == [.none])
    }

    @Test("a dax device shows that the driver of what it hangs below is in: the plan takes it out first")
    func driversBehindDevices() throws {
        let line = "a90000000-b8fffffff"
        let lines = "\(line) : Soft Reserved\n  \(line) : hmem.0\n    \(line) : dax0.0\n"
        let machine = try text(lines + "      \(line) : System RAM (kmem)\n")
        #expect(machine.modules.state(of: "dax_hmem") == .live)
        let plan = try Planner(machine: machine).predict([.unload("dax_hmem"), .load("dax_hmem")])
        #expect(plan.steps == [.unload("dax_hmem"), .load("dax_hmem")])
        #expect(plan.hazards.contains { $0.id == .memoryOnline && $0.why.contains("may be online") })
        let cxl = try text(
            "5d0000000-6cfffffff : CXL Window 0\n  5d0000000-5efffffff : region0\n    5d0000000-5efffffff : dax0.0\n"
        )
        #expect(cxl.modules.state(of: "dax_cxl") == .live && cxl.modules.state(of: "dax_hmem") == .unknown)
    }

    @Test("a module of which nothing tells may be in: a step that takes it away is not dropped") func unknownModules()
        throws
    {
        let planner = try Planner(machine: try text(pasted), overrides: Overrides(generation: .deferring))
        for module in ["dax_hmem", "dax_cxl", "cxl_mem"] {
            #expect(planner.predict([.unload(module)]).steps == [.unload(module)], "\(module)")
        }
    }

    private let pasted = "5d0000000-6cfffffff : CXL Window 0\n  5d0000000-5efffffff : Soft Reserved\n"

    @Test("without the rules nothing is planned; with them, every owner that is possible is predicted")
    func sets() throws {
        let machine = try text(pasted)
        #expect(throws: PlanningError.self) { try Planner(machine: machine) }
        let expected: [(Generation, Set<Owner>)] = [
            // Nobody had it, dax_hmem had it, or CXL did; nothing is done about it.
            (.deferring, [.none, .hmem, .cxl]), (.coordinated, [.none, .hmem, .cxl]), (.hmemOnly, [.none, .hmem]),
        ]
        for (generation, owners) in expected {
            let planner = try Planner(machine: machine, overrides: Overrides(generation: generation))
            let prediction = planner.predict([]).prediction
            #expect(prediction.ranges.map(\.owners) == [owners], "\(generation)")
            #expect(prediction.missingFacts.contains { $0.contains("the recording does not include the dax devices") })
        }
    }

    @Test("the capture that a text was cut from is among what is predicted for the text") func truth() throws {
        for moment in ["auto-reload/boot", "auto-reload/cxl-owned", "no-region/boot"] {
            let parts = moment.split(separator: "/").map(String.init)
            for kernel in ["6.12.107", "7.3.4"] {
                guard let root = try? TestCaptures.root(kernel: kernel, scenario: parts[0], parts[1]) else { continue }
                let captured = try Inspector(root: root.path).read()
                let lines = try String(contentsOf: root.url("/proc/iomem"), encoding: .utf8)
                let machine = try text(lines)
                let rules = Overrides(generation: captured.kernel.generation.value)
                let prediction = try Planner(machine: machine, overrides: rules).predict([]).prediction
                for predicted in prediction.ranges {
                    let owners = ownedRanges(of: captured).filter { $0.range.overlaps(predicted.range) }.map(\.owner)
                    #expect(predicted.owners.isSuperset(of: owners), "\(kernel) \(moment): \(predicted)")
                }
            }
        }
    }

    @Test("what is unknown is not as any policy wants") func verify() throws {
        let planner = try Planner(machine: try text(pasted), overrides: Overrides(generation: .deferring))
        let unmet = planner.unmet(Policy.Want(coveredByRegion: .cxl, windowOnly: .hmem, outsideWindows: .hmem))
        #expect(unmet.map(\.found) == ["unknown"])
        #expect(unmet.allSatisfy { $0.what.hasPrefix("the owner of 0x5d0000000-0x5efffffff is not known") })
    }

    @Test("a directory with iomem and a release: the rest is unknown, the rules are as the release says") func release()
        throws
    {
        let folder = TestCaptures.newDirectory()
        try shell("mkdir -p proc/sys/kernel; echo 6.12.1 > proc/sys/kernel/osrelease", in: folder)
        try pasted.write(toFile: "\(folder)/proc/iomem", atomically: true, encoding: .utf8)
        let machine = try Inspector(root: folder).read()
        #expect(machine.kernel.generation.value == .deferring && !machine.lacks(.kernelRelease))
        #expect(machine.lacks(.modules) && machine.lacks(.daxDevices))
    }

    @Test("a capture of collect lacks nothing") func whole() throws {
        for root in TestCaptures.roots(kernel: "7.3.4", scenario: "auto-reload") {
            #expect(try Inspector(root: root.path).read().material.isEmpty, "\(root)")
        }
    }
}
