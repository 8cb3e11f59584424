import Inspection
import Machine
import Ownership
import TestCaptures
import Testing

@testable import Reload

/// Issue 10, number 2: another process's crash stops no run, and a kernel fault elsewhere does not wedge one.
@Suite("A stranger's crash")
struct StrangerCrashTests {
    let state = StateDirectory(root: TestCaptures.newDirectory())

    private static let report = [
        "WARNING: CPU: 1 PID: 812 at drivers/gpu/drm/drm_vblank.c:1149 drm_wait+0x1/0x2 [drm]",
        "Modules linked in: cxl_mem cxl_pci dax_cxl dax_hmem drm",
        "CPU: 1 UID: 1000 PID: 812 Comm: dax Not tainted 7.3.4",
        "RIP: 0010:drm_wait+0x1/0x2 [drm]", "Call Trace:", " <TASK>", " drm_ioctl+0x1/0x2 [drm]", " </TASK>",
        "---[ end trace 0000000000000000 ]---",
    ]

    private func run(_ lines: [String]) throws -> (kernel: RecordedKernel, outcome: Outcome) {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.lines[.unload("dax_hmem")] = lines
        let policy = ExecutorTests().hmem
        let outcome = Executor(kernel.surfaces(state)).run(
            try Planner(machine: kernel.state).plan(policy),
            accepting: []
        )
        return (kernel, outcome)
    }

    @Test(
        "what a user has the kernel print is no complaint",
        arguments: [
            "traps: x[4711] general protection fault ip:401126 sp:7ffd8b5b7a48 error:0 in x[401000,1000]",
            "BUG:[4711]: segfault at 0 ip 0000000000000000 sp 00007ffd8b5b7a48 error 14 in x[400000,1000]",
            "x[4711]: segfault at 0 ip 0 sp 0 error 14 in WARNING: CPU: 0 PID: 1 at x[400000,1000]",
            "BUG: page allocation failure: order:0, mode:0xcc0(GFP_KERNEL), nodemask=(null),cpuset=/,mems_allowed=0",
        ]
    )
    func crash(line: String) throws {
        let (_, outcome) = try run([line])
        guard case .done = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test("nothing that a user can have the kernel print stops a plan") func imitations() {
        for message in KernelMessage.complaints {
            let lines = UserMessages.imitating(message.example).map(UserMessages.escaped)
            #expect(KernelComplaint.first(in: lines) == nil)
            #expect(KernelComplaint.first(in: ["all is well", message.example])?.line == message.example)
            #expect(KernelComplaint.first(in: [" \(message.example)"]) == nil)
        }
        let line = "hmem_platform hmem_platform.0: deferring range to CXL: [mem 0x5d0000000-0x5efffffff]"
        #expect(KernelComplaint.first(in: [line]) == nil)
    }

    @Test("a report elsewhere is told from one about our drivers, and one that is cut off counts as ours") func whose()
    {
        func isElsewhere(_ lines: [String]) -> Bool? { KernelComplaint.first(in: lines)?.isElsewhere }
        #expect(isElsewhere(Self.report) == true)
        #expect(isElsewhere(Array(Self.report.dropLast())) == false)
        #expect(isElsewhere(Self.report.map { $0.replacing("drm_ioctl", with: "cxl_region_detach") }) == false)
        #expect(isElsewhere(Self.report.map { $0.replacing("Comm: dax", with: "Comm: daxswitch") }) == false)
        #expect(
            isElsewhere(["kmem dax0.0: Hotplug regions stuck online until reboot"] + Self.report.suffix(1)) == false
        )
    }

    @Test("a kernel fault elsewhere stops a run, and recover ends it") func elsewhere() throws {
        let (kernel, outcome) = try run(Self.report)
        guard case .stopped(let error, _) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(error.code == .kernelTroubleElsewhere)
        kernel.lines = [:]
        let run = try #require(try UnfinishedRun.find(JournalFile(state), bootID: kernel.state.kernel.bootID))
        #expect(run.interruption.complaint == nil && run.complaintElsewhere?.contains("drm_vblank.c") == true)
        let recovery = try Planner(machine: kernel.state, overrides: run.overrides).recovery(of: run.interruption)
        guard case .done = Executor(kernel.surfaces(state)).recover(run, by: recovery) else {
            Issue.record("not finished")
            return
        }
    }
}
