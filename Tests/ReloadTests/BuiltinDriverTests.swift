import CaptureReplay
import Glibc
import Inspection
import Machine
import Ownership
import TestCaptures
import Testing

@testable import Reload

@Suite("Drivers of the kernel image, unbound and bound on a recorded kernel")
struct BuiltinDriverTests {
    private let state = StateDirectory(root: TestCaptures.newDirectory())
    private static let acpi = "ACPI0017:00"
    private static let files = "/sys/bus/platform/drivers"
    private let hmem = Policy(
        name: "hmem",
        summary: "",
        order: [
            .unload("dax_cxl"), .unload("dax_hmem"), .hold, .unload("cxl_acpi"), .load("dax_hmem"),
        ],
        want: .init(coveredByRegion: .hmem),
        consent: .init()
    )
    private let cxl = Policy(
        name: "cxl",
        summary: "",
        order: [
            .unload("dax_cxl"), .unload("dax_hmem"), .release, .load("cxl_acpi"), .load("dax_hmem"),
            .load("dax_cxl"),
        ],
        want: .init(coveredByRegion: .cxl),
        consent: .init()
    )

    /// 7.3.4 with cxl_acpi built in and a locked region, with these modules in.
    private func kernel(_ modules: Set<String>) throws -> RecordedKernel {
        let moments = try RecordedMoments(
            kernel: "7.3.4-builtin",
            scenario: "uek-switch-locked",
            [
                "dax-out", "acpi-unbound", "hmem-owned", "dax_cxl-too", "out-again", "acpi-bound",
                "hmem-first", "end",
            ]
        )
        return RecordedKernel(try moments.state(with: modules), moments)
    }

    /// The kernel after a run that has unbound cxl_acpi, with what that has written down.
    private func kernelWithoutCxl() throws -> RecordedKernel {
        let kernel = try kernel(["cxl_acpi", "dax_hmem", "dax_cxl"])
        guard case .done = try run(kernel, hmem) else { throw TestProblem.notDone }
        return kernel
    }

    private enum TestProblem: Error { case notDone }

    /// The same kernel with dax_hmem built in as well, and dax_cxl in all the while.
    private func kernelWithHmem(_ modules: Set<String>) throws -> RecordedKernel {
        let moments = try RecordedMoments(
            kernel: "7.3.4-builtin",
            scenario: "uek-unbind",
            ["hmem-unbound", "hmem-owned", "acpi-bound", "cxl-again"],
            { $0.with(builtIn: "dax_hmem") }
        )
        return RecordedKernel(try moments.state(with: modules), moments)
    }

    private func run(_ kernel: RecordedKernel, _ policy: Policy, mayRollBack: Bool = true) throws
        -> Outcome
    {
        let plan = try Planner(machine: try kernel.read()).plan(policy)
        #expect(plan.hazards.isEmpty)
        return Executor(kernel.surfaces(state)).run(plan, accepting: [], mayRollBack: mayRollBack)
    }

    private func owners(_ kernel: RecordedKernel) -> [Owner] {
        ownedRanges(of: kernel.state).map(\.owner)
    }

    private func unfinished(_ kernel: RecordedKernel) throws -> UnfinishedRun? {
        try UnfinishedRun.find(JournalFile(state), bootID: kernel.state.kernel.bootID)
    }

    private func recover(_ kernel: RecordedKernel) throws -> RecoveryOutcome {
        let run = try #require(try unfinished(kernel))
        let recovery = try Planner(machine: try kernel.read(), overrides: run.overrides).recovery(
            of: run.interruption
        )
        return Executor(kernel.surfaces(state)).recover(run, by: recovery)
    }

    @Test(
        "cxl_acpi is unbound, its decoders are remembered, and dax_hmem takes the memory: nothing is held"
    )
    func toHmem() throws {
        let kernel = try kernel(["cxl_acpi", "dax_hmem", "dax_cxl"])
        guard case .done = try run(kernel, hmem) else {
            Issue.record("not done")
            return
        }
        #expect(kernel.writes == ["\(Self.acpi) > \(Self.files)/cxl_acpi/unbind"])
        #expect(kernel.steps == [.unload("dax_cxl"), .unload("dax_hmem"), .load("dax_hmem")])
        #expect(kernel.checked.allSatisfy { $0.module != "cxl_acpi" })
        #expect(kernel.kept.last?.decoders?.regions.map(\.locked) == [true])
        #expect(owners(kernel) == [.hmem] && kernel.state.modules.state(of: "cxl_acpi") == .unbound)
        #expect(try unfinished(kernel) == nil)
    }

    @Test("and back: it is bound again, and CXL owns the region")
    func toCxl() throws {
        let kernel = try kernelWithoutCxl()
        guard case .done = try run(kernel, cxl) else {
            Issue.record("not done")
            return
        }
        #expect(Array(kernel.writes.dropFirst()) == ["\(Self.acpi) > \(Self.files)/cxl_acpi/bind"])
        #expect(owners(kernel) == [.cxl] && kernel.state.modules.state(of: "cxl_acpi") == .builtin)
    }

    @Test(
        "the kernel does not unbind it: what went before is undone",
        arguments: [EPERM, ENODEV, EBUSY]
    )
    func notUnbound(errno: Int32) throws {
        let kernel = try kernel(["cxl_acpi", "dax_hmem", "dax_cxl"])
        kernel.refusals[.platformDriver("cxl_acpi", .unbind)] = Array(repeating: errno, count: 4)
        guard case .rolledBack(let error) = try run(kernel, hmem) else {
            Issue.record("not rolled back")
            return
        }
        #expect(error.code == (errno == EPERM ? .notPermitted : .stepFailed))
        #expect(error.message == "\(Self.files)/cxl_acpi/unbind does not take \(Self.acpi)")
        #expect(kernel.writes.isEmpty && owners(kernel) == [.cxl])
        #expect(try unfinished(kernel) == nil)
    }

    @Test(
        "its device is gone before it can be unbound, or a second one came: that is said, and what went before is undone",
        arguments: [0, 2]
    )
    func deviceGone(devices: Int) throws {
        let kernel = try kernel(["cxl_acpi", "dax_hmem", "dax_cxl"])
        kernel.onRead = { _, machine in
            if machine.modules.loaded["dax_hmem"] != nil { return }
            machine.modules.drivers["cxl_acpi"]?.devices = (0..<devices).map {
                .init(name: "ACPI0017:0\($0)", isBound: true)
            }
        }
        guard case .rolledBack(let error) = try run(kernel, hmem) else {
            Issue.record("not rolled back")
            return
        }
        #expect(error.code == .newHazard)
        #expect(error.description.contains(devices == 0 ? "is not known" : "ACPI0017:00, ACPI0017:01"))
        #expect(kernel.writes.isEmpty && owners(kernel) == [.cxl])
        #expect(try unfinished(kernel) == nil)
    }

    @Test("unbound, and dax_hmem can't be loaded: it is bound again")
    func rolledBack() throws {
        let kernel = try kernel(["cxl_acpi", "dax_hmem", "dax_cxl"])
        kernel.failures[.load("dax_hmem")] = ReloadError(.stepFailed, "can't load dax_hmem")
        kernel.onWrite = { attribute, _ in
            if attribute == .platformDriver("cxl_acpi", .bind) { kernel.failures = [:] }
        }
        guard case .rolledBack = try run(kernel, hmem) else {
            Issue.record("not rolled back")
            return
        }
        #expect(kernel.writes.map { $0.hasSuffix("cxl_acpi/bind") } == [false, true])
        #expect(owners(kernel) == [.cxl])
        #expect(try unfinished(kernel) == nil)
    }

    @Test("it can't be bound again: dax_hmem keeps the memory", arguments: [EPERM, ENODEV, EBUSY])
    func notBound(errno: Int32) throws {
        let kernel = try kernelWithoutCxl()
        kernel.refusals[.platformDriver("cxl_acpi", .bind)] = Array(repeating: errno, count: 4)
        guard case .rolledBack = try run(kernel, cxl) else {
            Issue.record("not rolled back")
            return
        }
        #expect(owners(kernel) == [.hmem] && kernel.state.modules.state(of: "cxl_acpi") == .unbound)
    }

    @Test("cut off after it was unbound: recover goes on")
    func recovered() throws {
        let kernel = try kernel(["cxl_acpi", "dax_hmem", "dax_cxl"])
        kernel.failures[.load("dax_hmem")] = ReloadError(.stepFailed, "can't load dax_hmem")
        guard case .stopped = try run(kernel, hmem, mayRollBack: false) else {
            Issue.record("not stopped")
            return
        }
        #expect(owners(kernel) == [.none])
        kernel.failures = [:]
        guard case .done = try recover(kernel) else {
            Issue.record("not finished")
            return
        }
        #expect(owners(kernel) == [.hmem])
    }

    @Test(
        "dax_hmem built in as well: hmem_platform.0 is bound and unbound, and no module comes or goes"
    )
    func bothBuiltIn() throws {
        let kernel = try kernelWithHmem(["cxl_acpi", "dax_hmem", "dax_cxl"])
        let toHmem = Policy(
            name: "hmem",
            summary: "",
            order: [.unload("dax_hmem"), .hold, .unload("cxl_acpi"), .load("dax_hmem")],
            want: .init(coveredByRegion: .hmem),
            consent: .init()
        )
        guard case .done = try run(kernel, toHmem) else {
            Issue.record("not done")
            return
        }
        #expect(
            kernel.writes == [
                "hmem_platform.0 > \(Self.files)/hmem_platform/unbind",
                "\(Self.acpi) > \(Self.files)/cxl_acpi/unbind",
                "hmem_platform.0 > \(Self.files)/hmem_platform/bind",
            ]
        )
        #expect(
            kernel.steps.isEmpty
                && kernel.checked.allSatisfy { !["cxl_acpi", "dax_hmem"].contains($0.module) }
        )
        #expect(owners(kernel) == [.hmem])
    }
}
