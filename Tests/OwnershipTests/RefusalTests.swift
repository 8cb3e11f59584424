import CaptureReplay
import Iomem
import Machine
import TestCaptures
import Testing

@testable import Ownership

@Suite("Refused steps, held against what kernels answered")
struct RefusalTests {
    /// What the model says of `answer` on the machine before it.
    private func refusals(_ answer: EventLog.Answer, _ kernel: String, _ scenario: String) throws -> [Hazard]? {
        guard let name = answer.capture,
            let root = TestCaptures.roots(kernel: kernel, scenario: scenario).first(where: { $0.name == name })
        else { return nil }
        let machine = try Replay.state(root)
        return try Planner(machine: machine).predict(answer.earlier + [answer.step]).hazards
            .filter { $0.id == .stepRefused && $0.subject == "\(answer.step)" || $0.id == .builtin }
            .filter { $0.id != .builtin || $0.subject == answer.step.module }
    }

    @Test("what was refused is predicted as refused, with its errno; what was done is not")
    func everyAnswer() throws {
        var counts: [String: Int] = [:]
        for kernel in TestCaptures.kernels {
            for scenario in TestCaptures.scenarios(kernel: kernel) where scenario.contains("refusals") {
                let log = EventLog(
                    TestCaptures.events(kernel: kernel, scenario: scenario),
                    isCoordinated: kernel.hasPrefix("7.")
                )
                // The process that holds the device there is ended before the next command, which no log shows.
                for answer in log.answers where answer.capture?.hasSuffix("-with-open-file") != true {
                    guard let refused = try refusals(answer, kernel, scenario) else { continue }
                    let name = "\(kernel)/\(scenario) after \(answer.capture ?? ""): \(answer.step)"
                    let errno = Self.errno(answer)
                    counts[errno ?? "", default: 0] += 1
                    if let errno {
                        #expect(refused.contains { $0.why.contains(errno) }, "\(name): \(refused.map(\.why))")
                    } else {
                        #expect(refused.isEmpty, "\(name): \(refused.map(\.why))")
                    }
                }
            }
        }
        #expect(counts["EAGAIN", default: 0] >= 3 && counts["", default: 0] > 20, "\(counts)")
    }

    /// The errno behind what kmod printed; nil where the step was done or was needless.
    private static func errno(_ answer: EventLog.Answer) -> String? {
        if answer.code == 0 || answer.output.contains("not currently loaded") { return nil }
        if answer.output.contains("in use") { return "EAGAIN" }
        return answer.output.contains("is builtin") || answer.output.contains("not found") ? "ENOENT" : "?"
    }

    private func refusal(_ step: Step, _ machine: MachineState) throws -> String {
        try Planner(machine: machine).predict([step]).hazards.map(\.why).joined(separator: "; ")
    }

    @Test("a module on the kernel's own blacklist: EPERM, and dax_hmem does not get it either")
    func blacklisted() throws {
        var machine = Machines.booted(.coordinated)
        machine.modules.loaded = [:]
        machine.windows[0].isLive = false
        machine.initialProbe.value = .pending
        // The kernel compares exactly: this bars nothing.
        machine.kernel.commandLine = KernelCommandLine("ro module_blacklist=nouveau,cxl-acpi quiet")
        #expect(try !refusal(.load("cxl_acpi"), machine).contains("EPERM"))
        machine.kernel.commandLine = KernelCommandLine("ro module_blacklist=nouveau,cxl_acpi quiet")
        #expect(try refusal(.load("cxl_acpi"), machine).contains("EPERM"))
        let plan = try Planner(machine: machine).predict([.load("dax_hmem")])
        #expect(plan.owners(of: Machines.range) == [.hmem] && plan.prediction.isCertain)
        #expect(plan.prediction.modules["cxl_acpi"] == [.absent])
    }

    @Test("no helper for request_module: 7.x loads dax_hmem alone; 6.x loads cxl_acpi before, by its softdep")
    func noHelper() throws {
        for (generation, standing) in [(Generation.coordinated, ModuleStanding.absent), (.deferring, .live)] {
            var machine = Machines.booted(generation)
            machine.modules.loaded = [:]
            machine.windows[0].isLive = false
            machine.kernel.hasModuleHelper = false
            let plan = try Planner(machine: machine).predict([.load("dax_hmem")])
            #expect(plan.prediction.modules["cxl_acpi"] == [standing])
        }
    }

    @Test("a build without the softdep, and one in which cxl_acpi needs no cxl_pmem: as its own lists say")
    func ownLists() throws {
        var machine = Machines.booted(.deferring)
        machine.modules.loaded = [:]
        machine.windows[0].isLive = false
        machine.modules.softDependencies = [:]
        var plan = try Planner(machine: machine).predict([.load("dax_hmem")])
        #expect(plan.prediction.modules["cxl_acpi"] == [.absent])

        machine = Machines.booted(.coordinated)
        machine.modules.loaded = [:]
        machine.modules.dependencies = ["cxl_acpi": [], "cxl_pmem": []]
        plan = try Planner(machine: machine).predict([.load("cxl_acpi"), .load("dax_cxl")])
        // udev may load it for the bridge; cxl_acpi itself does not.
        #expect(plan.prediction.modules["cxl_pmem"]?.contains(.absent) == true)
        #expect(plan.hazards.contains { $0.id == .stepRefused && $0.why.contains("ENOENT") })
    }

    @Test("a module that is being removed: EBUSY; one that a process holds: EAGAIN")
    func held() throws {
        var machine = Machines.booted(.coordinated)
        machine.modules.loaded["cxl_acpi"]?.isLive = false
        #expect(try refusal(.unload("cxl_acpi"), machine).contains("EBUSY"))
        machine.modules.loaded["device_dax"] = LoadedModule(
            isLive: true,
            references: 2,
            users: [],
            address: 1,
            position: 9
        )
        #expect(try refusal(.unload("device_dax"), machine).contains("EAGAIN"))
        machine.kernel.modulesDisabled = true
        #expect(try refusal(.load("kmem"), machine).contains("EPERM"))
    }
}
