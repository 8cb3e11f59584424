import Inspection
import Iomem
import Machine
import Ownership
import Reload
import TestCaptures
import Testing

@testable import daxswitch

@Suite("How errors and ends become exit codes")
struct FailureTests {
    @Test(
        "a run that changed nothing",
        arguments: [
            (ReloadError.Code.busy, daxswitch.ExitStatus.busy), (.unfinishedJournal, .stopped),
            (.damagedJournal, .stopped), (.otherVersion, .stopped), (.stuck, .stopped), (.machineChanged, .refused),
            (.notLoadable, .missing),
            (.newHazard, .refused), (.stepFailed, .failed), (.notSettled, .failed), (.hung, .failed),
            (.kernelTrouble, .failed), (.kernelTroubleElsewhere, .failed),
            (.notAsPredicted, .failed), (.interrupted, .failed), (.notPermitted, .notPermitted),
            (.unavailable, .failed),
        ]
    )
    func unchanged(code: ReloadError.Code, status: daxswitch.ExitStatus) {
        var report = ApplyReport()
        report.take(.unchanged(ReloadError(code, "why")))
        #expect(report.status == status)
        #expect(!report.isChanged)
        #expect(report.error?.code == code.rawValue)
    }

    @Test("a run that was undone ends with 1, one that stopped half-way with 5, one that is done with 0")
    func ends() throws {
        var report = ApplyReport()
        report.take(.rolledBack(ReloadError(.stepFailed, "why")))
        #expect(report.status == .failed)
        #expect(report.outcome == .rolledBack && !report.isChanged)
        report = ApplyReport()
        report.take(.stopped(ReloadError(.notPermitted, "why"), differences: []))
        #expect(report.status == .stopped)
        #expect(report.outcome == .stopped && report.isChanged)
        report = ApplyReport()
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "hmem-owned")
        report.take(.done(try Inspector(root: root.path).read()))
        #expect(report.status == .done)
        #expect(report.outcome == .done && report.isChanged)
    }

    @Test("a recovery ends with 0 where the run is finished, 1 where it is undone, 5 where neither is certain")
    func recoveries() throws {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "hmem-owned")
        let machine = try Inspector(root: root.path).read()
        var report = RecoverReport()
        report.take(.done(machine))
        #expect(report.status == .done && report.outcome == .done)
        report = RecoverReport()
        report.take(.undone(machine, after: nil))
        #expect(report.status == .failed && report.outcome == .undone && report.error == nil)
        report = RecoverReport()
        report.take(.undone(machine, after: ReloadError(.stepFailed, "why it can't be finished")))
        #expect(report.status == .failed && report.outcome == .undone)
        #expect(report.error?.message == "why it can't be finished")
        report = RecoverReport()
        report.take(.stopped(ReloadError(.stuck, "why"), differences: []))
        #expect(report.status == .stopped && report.outcome == .stopped)
        report = RecoverReport()
        report.outcome = .nothingToRecover
        #expect(report.status == .done)
    }

    @Test("reading and planning")
    func others() throws {
        #expect(Failure(InspectionError(.unstable, "why")).status == .busy)
        #expect(Failure(InspectionError(.missingFeature, "why")).status == .missing)
        let unknown = MachineState(kernel: Kernel(release: "6.18"), iomem: IomemTree(inFileOrder: []))
        let error = try #require(throws: PlanningError.self) { try Planner(machine: unknown) }
        #expect(Failure(error).status == .missing)
    }
}
