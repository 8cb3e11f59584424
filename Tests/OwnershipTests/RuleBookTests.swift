import CaptureReplay
import Machine
import Ownership
import Testing

@Suite("docs/kernel-rules.md, docs/findings.md, docs/kernels.md")
struct RuleBookTests {
    @Test("says what the rules say")
    func isCurrent() {
        let document = GeneratedDocument.kernelRules
        #expect(document.isCurrent, "docs/\(document.name) is stale: run `make docs`")
    }

    @Test("says what the recorded machines show")
    func findings() throws {
        let document = try GeneratedDocument.findings()
        #expect(document.isCurrent, "docs/\(document.name) is stale: run `make docs`")
    }

    @Test("says how the kernels are recognized")
    func kernels() throws {
        let document = try GeneratedDocument.kernels()
        #expect(document.isCurrent, "docs/\(document.name) is stale: run `make docs`")
    }

    @Test("each kernel has the generation that its source gives it", arguments: KernelBook.entries.map(\.name))
    func generation(name: String) throws {
        let entry = try #require(KernelBook.entries.first { $0.name == name })
        let machine = try KernelBook.machine(of: entry)
        #expect(machine.kernel.generation.value == entry.generation, "\(machine.kernel.generation.evidence)")
        do throws(PlanningError) {
            let planner = try Planner(machine: machine)
            let verdicts = [Machines.cxl, Machines.hmem].map { planner.plan($0).verdict }
            // Memory is online on all that are made up, so no plan for it is safe.
            #expect(entry.wasBooted || !verdicts.contains(.safe), "\(verdicts)")
        } catch {
            #expect(entry.generation == nil && error.code == .generationUnknown)
        }
    }
}
