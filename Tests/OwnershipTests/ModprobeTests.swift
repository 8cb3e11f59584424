import Machine
import Testing

@testable import Ownership

/// What the host's own configuration of modprobe does to a plan.
@Suite struct ModprobeTests {
    private static let off = ModprobeSettings.Line(
        path: "/etc/modprobe.d/00-nocxl.conf",
        number: 1,
        text: "alias cxl_acpi off"
    )
    private static let command = ModprobeSettings.Line(
        path: "/etc/modprobe.d/00-a.conf",
        number: 7,
        text: "install cxl_mem /bin/false"
    )

    /// A machine on which no CXL driver and no dax_hmem is in.
    private func bare(_ generation: Generation) -> MachineState {
        var machine = Machines.booted(generation)
        machine.modules.loaded = [:]
        machine.windows[0].isLive = false
        return machine
    }

    @Test("what others keep out does not come with dax_hmem, and no release lifts it", arguments: Generation.allCases)
    func keptOut(generation: Generation) throws {
        var machine = bare(generation)
        for steps in [[.load("dax_hmem")], [.release, .load("dax_hmem")]] as [[Step]] {
            machine.modprobe = ModprobeSettings()
            let brought = try Planner(machine: machine).predict(steps)
            #expect((brought.prediction.modules["cxl_acpi"] == [.live]) == (generation != .hmemOnly))
            machine.modprobe.keptOut = ["cxl_acpi": Self.off]
            let plan = try Planner(machine: machine).predict(steps)
            #expect(plan.owners(of: Machines.range) == [.hmem] && plan.prediction.missingFacts.isEmpty)
            #expect(plan.prediction.modules["cxl_acpi"] == [.absent])
        }
    }

    @Test("a step that loads it is refused, and the line named; under the hold daxswitch asks nobody")
    func refused() throws {
        var machine = bare(.coordinated)
        machine.modprobe.keptOut = ["cxl_acpi": Self.off, "cxl_mem": Self.command]
        let plan = try Planner(machine: machine).predict([.load("cxl_acpi")])
        let hazard = try #require(plan.hazards.first { $0.id == .stepRefused })
        #expect(hazard.why.contains("/etc/modprobe.d/00-nocxl.conf:1 (alias cxl_acpi off)"))
        #expect(hazard.fix.contains("/etc/modprobe.d/00-nocxl.conf"))
        // A command in place of what it needs is not run either.
        let needing = try Planner(machine: machine).predict([.load("cxl_pci")])
        #expect(needing.hazards.contains { $0.why.contains("00-a.conf:7") })
        let held = try Planner(machine: machine).predict([.hold, .load("cxl_pci")])
        #expect(!held.hazards.contains { $0.id == .stepRefused })
    }

    @Test(
        "a line that leaves it open makes two outcomes and is named",
        arguments: [.deferring, .coordinated] as [Generation]
    )
    func doubtful(generation: Generation) throws {
        var machine = bare(generation)
        machine.modprobe.doubtful = ["cxl_acpi": Self.off]
        let plan = try Planner(machine: machine).predict([.load("dax_hmem")])
        #expect(plan.owners(of: Machines.range) == [.hmem, .none])
        #expect(plan.prediction.missingFacts.contains { $0.contains("/etc/modprobe.d/00-nocxl.conf:1") })
    }

    @Test("a soft dependency of the host's own takes the place of depmod's") func softDependency() throws {
        var machine = bare(.deferring)
        machine.modprobe.hmemSoftDependencies = []
        #expect(try Planner(machine: machine).predict([.load("dax_hmem")]).owners(of: Machines.range) == [.hmem])
        machine.modprobe.hmemSoftDependencies = ["cxl_acpi"]
        #expect(try Planner(machine: machine).predict([.load("dax_hmem")]).owners(of: Machines.range) == [.none])
    }

    @Test("a helper that is no modprobe may load or not") func helper() throws {
        var machine = bare(.coordinated)
        machine.kernel.unknownModuleHelper = "/usr/local/sbin/loader"
        let plan = try Planner(machine: machine).predict([.load("dax_hmem")])
        #expect(plan.owners(of: Machines.range) == [.hmem, .none])
        #expect(plan.prediction.missingFacts.contains { $0.contains("/usr/local/sbin/loader") })
    }
}
