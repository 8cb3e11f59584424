import CaptureReplay
import Inspection
import Iomem
import Machine
import TestCaptures
import Testing

@testable import Ownership

@Suite("Who owns what after the next boot")
struct NextBootPredictionTests {
    private func owners(_ machine: MachineState, _ choice: BootChoice?) throws -> Set<Owner> {
        let prediction = try NextBoot(of: machine).prediction(of: choice)
        return prediction.ranges.filter { $0.range.overlaps(Machines.range) }.reduce(into: []) {
            $0.formUnion($1.owners)
        }
    }

    @Test(
        "hmem and cxl lead to the owner that they name, on both generations",
        arguments: [Generation.coordinated, .deferring]
    )
    func choices(generation: Generation) throws {
        let machine = Machines.cxlOwned(generation, locked: false)
        #expect(try owners(machine, .hmem) == [.hmem])
        #expect(try owners(machine, .cxl) == [.cxl])
    }

    @Test("nothing persisted, 7.1 on: dax_hmem asks for the CXL modules, so the order makes no difference")
    func unpersisted() throws {
        #expect(try owners(Machines.cxlOwned(.coordinated, locked: false), nil) == [.cxl])
    }

    @Test(
        "a range in a window without an assembled region: the firmware may make one at each boot, which was lost in this one"
    )
    func lost() throws {
        for generation in [Generation.coordinated, .deferring] {
            let atBoot: Owner = generation == .deferring ? .none : .hmem
            var machine = Machines.booted(generation)
            #expect(try owners(machine, .cxl) == [atBoot, .cxl])
            let prediction = try NextBoot(of: machine).prediction(of: .cxl)
            #expect(prediction.missingFacts.contains { $0.contains("if one was lost in this boot") })
            #expect(try owners(machine, .hmem) == [.hmem], "dax_hmem takes it in any case")
            // dax_hmem may have come to it after the loss.
            machine.daxDevices = [Machines.device(.hmem, driver: "device_dax")]
            #expect(try owners(machine, .cxl) == [atBoot, .cxl])
            // Seen by an earlier run of this boot, and then out of sight.
            machine.windows[0].isLive = false
            for module in ["cxl_acpi", "dax_cxl"] { machine.modules.loaded[module] = nil }
            machine.remembered = RememberedDecoders(regions: [], decoded: [], isComplete: true)
            #expect(try owners(machine, .cxl) == [atBoot, .cxl])
            // Decoders that are there without a region belong to no region that was lost.
            #expect(try owners(Machines.booted(generation, decoded: [Machines.range]), .cxl) == [atBoot])
        }
    }

    @Test("a region that is not assembled: the next boot may have it")
    func notAssembled() throws {
        let machine = Machines.booted(.deferring, regions: [Machines.region(locked: false, committed: false)])
        #expect(try owners(machine, .cxl) == [.none, .cxl])
    }

    @Test("dax_hmem has the memory of an assembled region, which was not there at boot: not certain")
    func createdOverHmem() throws {
        var machine = Machines.booted(.coordinated, regions: [Machines.region(locked: false)])
        machine.daxDevices = [Machines.device(.hmem, driver: "device_dax")]
        #expect(try owners(machine, .cxl) == [.cxl, .hmem])
    }

    @Test("very many ranges are not all named")
    func many() throws {
        let ranges = (0..<100).map { Machines.span(0x5_d000_0000 + $0 * 0x200_0000, 0x100_0000) }
        let prediction = try NextBoot(of: Machines.booted(.coordinated, ranges: ranges)).prediction(of: .cxl)
        #expect(prediction.missingFacts.contains { $0.contains("and 96 more") && $0.utf8.count < 300 })
    }

    @Test("whether the next boot differs is not known where a region may come back")
    func lostDiffers() {
        var machine = Machines.booted(.deferring)
        machine.persisted = .cxl
        #expect(NextBoot(of: machine).differs == nil)
        machine.persisted = .hmem
        #expect(NextBoot(of: machine).differs == true)
    }

    @Test("a kernel that races: both owners are possible if nothing is persisted")
    func hold() throws {
        var machine = Machines.cxlOwned(.coordinated, locked: true)
        machine.isHeld = true
        #expect(try owners(machine, nil) == [.cxl], "the hold ends with this boot")
    }

    @Test("a region outside Soft Reserved memory may have been created in this boot: not certain")
    func ownRegion() throws {
        var machine = Machines.cxlOwned(.coordinated, locked: false)
        machine.softReserved = []
        let prediction = try NextBoot(of: machine).prediction(of: .cxl)
        #expect(!prediction.isCertain)
        #expect(prediction.missingFacts.contains { $0.contains("created in this boot") })
    }

    @Test("rules that are not known: no answer")
    func unknown() {
        var machine = Machines.cxlOwned(.coordinated, locked: false)
        machine.kernel.generation.value = nil
        #expect(throws: PlanningError.self) { try NextBoot(of: machine).prediction(of: .cxl) }
    }

    @Test("where now and the next boot are known to be the same, the owners are those of now")
    func asDiffers() throws {
        for (scenario, moment) in [("locked-switch", "cxl-owned"), ("auto-partial", "dax_cxl-first")] {
            let root = try TestCaptures.root(kernel: "7.3.4", scenario: scenario, moment)
            var machine = try Inspector(root: root.path).read()
            machine.persisted = .cxl
            #expect(NextBoot(of: machine).differs == false)
            let prediction = try NextBoot(of: machine).prediction(of: .cxl)
            #expect(prediction.isCertain, "\(scenario)")
            #expect(prediction.ranges.allSatisfy { $0.ownerNow.map { [$0] } == $0.owners }, "\(scenario)")
        }
    }

    // The firmware does the same at each boot, whatever was done to drivers and regions in between. Left out are recordings in which
    // a region was created by hand that the firmware does not know.
    @Test("every moment of a recording may lead to the owners of the next boot that its first moment leads to")
    func oneFirmware() throws {
        var compared = 0
        var wrong: [String] = []
        for kernel in TestCaptures.kernels {
            for scenario in TestCaptures.scenarios(kernel: kernel)
            where !["by-hand", "by-hand-late", "handed-over-online"].contains(scenario) {
                let roots = TestCaptures.roots(kernel: kernel, scenario: scenario)
                let machines = try roots.map { try Replay.state($0) }
                guard let first = machines.first(where: \.seesDecoders) else { continue }
                let wanted: Prediction
                do { wanted = try NextBoot(of: first).prediction(of: .cxl) } catch { continue }
                for (root, machine) in zip(roots, machines) where machine.kernel.generation.value != nil {
                    let found = try NextBoot(of: machine).prediction(of: .cxl)
                    for range in wanted.ranges {
                        for other in found.ranges where other.range.overlaps(range.range) {
                            compared += 1
                            if Set(range.owners).isDisjoint(with: other.owners) {
                                wrong.append("\(root) \(other.range): \(other.owners), not \(range.owners)")
                            }
                        }
                    }
                }
            }
        }
        #expect(compared > 1000 && wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
    }
}
