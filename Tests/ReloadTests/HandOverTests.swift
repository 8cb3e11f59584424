import Glibc
import Inspection
import Iomem
import Machine
import Ownership
import TestCaptures
import Testing

@testable import Reload

@Suite("Handing one region over on a recorded kernel")
struct HandOverTests {
    private let state = StateDirectory(root: TestCaptures.newDirectory())
    private let cxl = Policy(
        name: "cxl",
        summary: "",
        order: [.unload("dax_cxl"), .unload("dax_hmem"), .load("dax_hmem"), .load("dax_cxl")],
        want: .init(coveredByRegion: .cxl),
        consent: .init()
    )

    /// 7.3.4 with dax_hmem over a committed region, which dax_cxl could not take.
    private func kernel() throws -> RecordedKernel {
        let root = try TestCaptures.root(kernel: "7.3.4-lab", scenario: "handed-over", "06-dax_cxl-under-hmem")
        let kernel = RecordedKernel(try Inspector(root: root.path).read())
        let daxCxl = try #require(kernel.state.modules.loaded["dax_cxl"])
        kernel.interference = { step, state in
            switch step {
            case .unload("dax_cxl"):
                state.modules.loaded["dax_cxl"] = nil
                state.daxDevices.removeAll { $0.owner == .cxl }
                for index in state.regions.indices { state.regions[index].daxDriver = nil }
            case .load("dax_cxl"): state.modules.loaded["dax_cxl"] = daxCxl
            default: break
            }
        }
        return kernel
    }

    private func run(_ kernel: RecordedKernel, mayRollBack: Bool = true) throws -> Outcome {
        let plan = try Planner(machine: try kernel.read()).plan(cxl)
        return Executor(kernel.surfaces(state)).run(plan, accepting: [], mayRollBack: mayRollBack)
    }

    private func unfinished(_ kernel: RecordedKernel) throws -> UnfinishedRun? {
        try UnfinishedRun.find(JournalFile(state), bootID: kernel.state.kernel.bootID)
    }

    private func recover(_ kernel: RecordedKernel) throws -> RecoveryOutcome {
        let run = try #require(try unfinished(kernel))
        let recovery = try Planner(machine: try kernel.read(), overrides: run.overrides).recovery(of: run.interruption)
        return Executor(kernel.surfaces(state)).recover(run, by: recovery)
    }

    @Test("hmem.N is unbound after its bytes are written down, then dax_cxl probes the region; no module is touched")
    func done() throws {
        let kernel = try kernel()
        let range = try #require(kernel.state.daxDevices.first?.ranges.first)
        guard case .done(let machine) = try run(kernel) else {
            Issue.record("not done")
            return
        }
        #expect(
            kernel.writes == [
                "hmem.0 > /sys/bus/platform/drivers/hmem/unbind", "dax_region1 > /sys/bus/cxl/drivers_probe",
            ]
        )
        #expect(kernel.steps.isEmpty)
        #expect(kernel.kept.last?.unboundHmem == ["hmem.0": range])
        #expect(ownedRanges(of: machine).map(\.owner) == [.cxl])
        #expect(try unfinished(kernel) == nil)
    }

    @Test("a region without dax region is bound again, also one that a run left unbound", arguments: [true, false])
    func unassembled(isBound: Bool) throws {
        let kernel = try kernel()
        kernel.reinterpret { $0.regions[0].assembled = false }
        if !isBound { kernel.refusals[.regionDriver(.unbind)] = [ENODEV] }
        guard case .done(let machine) = try run(kernel) else {
            Issue.record("not done")
            return
        }
        let unbind = isBound ? ["region1 > /sys/bus/cxl/drivers/cxl_region/unbind"] : []
        #expect(
            Array(kernel.writes.dropFirst()) == unbind + ["region1 > /sys/bus/cxl/drivers/cxl_region/bind"]
        )
        #expect(ownedRanges(of: machine).map(\.owner) == [.cxl])
    }

    @Test("the kernel does not unbind: nothing was changed")
    func refused() throws {
        let kernel = try kernel()
        kernel.refusals[.hmemDriver(.unbind)] = [ENODEV]
        guard case .unchanged = try run(kernel) else {
            Issue.record("not unchanged")
            return
        }
        #expect(ownedRanges(of: kernel.state).map(\.owner) == [.hmem])
    }

    @Test("dax_cxl can't take the region: dax_hmem has its device again")
    func rolledBack() throws {
        let kernel = try kernel()
        kernel.refusals[.cxlProbe] = [EINVAL]
        guard case .rolledBack = try run(kernel) else {
            Issue.record("not rolled back")
            return
        }
        #expect(kernel.writes.last == "hmem.0 > /sys/bus/platform/drivers/hmem/bind")
        #expect(ownedRanges(of: kernel.state).map(\.owner) == [.hmem])
        #expect(try unfinished(kernel) == nil)
    }

    @Test("cut off between the two: recover has dax_cxl take the region")
    func finished() throws {
        let kernel = try kernel()
        kernel.refusals[.cxlProbe] = [EINVAL]
        guard case .stopped = try run(kernel, mayRollBack: false) else {
            Issue.record("not stopped")
            return
        }
        #expect(ownedRanges(of: kernel.state).map(\.owner) == [.none])
        guard case .done(let machine) = try recover(kernel) else {
            Issue.record("not finished")
            return
        }
        #expect(ownedRanges(of: machine).map(\.owner) == [.cxl])
        #expect(try unfinished(kernel) == nil)
    }

    @Test("cut off between the two, and the region is gone by then: recover gives dax_hmem its range back")
    func undone() throws {
        let kernel = try kernel()
        kernel.refusals[.cxlProbe] = [EINVAL]
        _ = try run(kernel, mayRollBack: false)
        kernel.reinterpret { $0.regions[0].committed = false }
        guard case .undone(let machine, _) = try recover(kernel) else {
            Issue.record("not undone")
            return
        }
        #expect(ownedRanges(of: machine).map(\.owner) == [.hmem])
    }

    @Test(
        "after the last step the result differs from the prediction: dax_cxl lets go, and dax_hmem has its range again"
    )
    func rolledBackFromTheEnd() throws {
        let kernel = try kernel()
        kernel.onWrite = { attribute, state in
            // Somebody holds cxl_acpi out just then.
            if attribute == .cxlProbe { state.isHeld = true }
        }
        guard case .rolledBack = try run(kernel) else {
            Issue.record("not rolled back")
            return
        }
        #expect(kernel.steps == [.unload("dax_cxl"), .release, .load("dax_cxl")])
        #expect(ownedRanges(of: kernel.state).map(\.owner) == [.hmem])
    }
}
