import Foundation
import Glibc
import Inspection
import LinuxSystem
import Machine
import Ownership
import Synchronization
import TestCaptures
import Testing

@testable import Reload

@Suite("Calls into the kernel that do not come back")
struct HangTests {
    private func error(_ call: WatchedCall, _ body: () throws(ReloadError) -> Void) -> ReloadError? {
        do throws(ReloadError) {
            try call.run("remove cxl_acpi", body)
            return nil
        } catch {
            return error
        }
    }

    @Test("what ends in time has its effect; its error comes back as it was")
    func ends() {
        #expect(error(WatchedCall()) {} == nil)
        let refusal = ReloadError(.notPermitted, "can't remove cxl_acpi: \"no\"", cause: "EPERM")
        #expect(error(WatchedCall()) { () throws(ReloadError) in throw refusal } == refusal)
    }

    @Test("a process that dies in the call has not done it")
    func dies() {
        let found = error(WatchedCall()) { _ = raise(SIGKILL) }
        #expect(found?.code == .stepFailed && found?.cause == "status 9")
    }

    @Test("what takes too long and can be broken off is a step that failed")
    func brokenOff() {
        let found = error(WatchedCall(deadline: .zero)) { pause() }
        #expect(found?.code == .stepFailed)
        #expect(found?.message.contains("was stopped") == true)
    }

    @Test("what can't be broken off is named with its process and the kernel's stack, and is waited for no more")
    func hangs() throws {
        let child = Mutex<pid_t>(0)
        let call = WatchedCall(deadline: .zero, grace: .milliseconds(10)) { pid in child.withLock { $0 = pid } }
        let found = error(call) { pause() }
        let pid = child.withLock { $0 }
        defer { kill(pid, SIGKILL) }
        #expect(found?.code == .hung)
        #expect(found?.message.contains("process \(pid)") == true)
        let stack = try? String(contentsOfFile: "/proc/\(pid)/stack", encoding: .utf8)
        #expect(found?.cause?.contains(stack?.contains("sys_pause") == true ? "sys_pause" : "kernel stack") == true)
    }

    @Test("while the child is at work the lock is taken, whatever became of its parent")
    func locks() throws {
        let state = StateDirectory(root: TestCaptures.newDirectory())
        let child = Mutex<pid_t>(0)
        func hang() throws(ReloadError) {
            let lock = try Lock(state)
            let call = WatchedCall(deadline: .zero, grace: .milliseconds(10)) { pid in child.withLock { $0 = pid } }
            _ = error(call) { pause() }
            withExtendedLifetime(lock) {}
        }
        try hang()
        let pid = child.withLock { $0 }
        #expect(throws: ReloadError.self) {
            let lock = try Lock(state)
            withExtendedLifetime(lock) {}
        }
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
        // Children of other tests have it too, for as long as they last.
        let lock = try Lock(state, waitingUpTo: .seconds(10))
        withExtendedLifetime(lock) {}
    }

    private func run(_ kernel: RecordedKernel, _ state: StateDirectory) throws -> Outcome {
        let policy = ExecutorTests().hmem
        return Executor(kernel.surfaces(state)).run(try Planner(machine: kernel.state).plan(policy), accepting: [])
    }

    @Test("a module that hangs in removal: stopped with the journal, nothing more is tried, recover waits for it")
    func removal() throws {
        let state = StateDirectory(root: TestCaptures.newDirectory())
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.failures[.unload("cxl_acpi")] = ReloadError(.hung, "can't remove cxl_acpi", cause: "cxl_region_detach")
        guard case .stopped(let error, _) = try run(kernel, state) else {
            Issue.record("not stopped")
            return
        }
        #expect(error.code == .hung && error.cause == "cxl_region_detach")
        #expect(kernel.steps == [.unload("dax_cxl"), .unload("dax_hmem"), .hold])
        // As /proc/modules has it meanwhile.
        kernel.reinterpret { $0.modules.loaded["cxl_acpi"]?.isLive = false }
        let bootID = kernel.state.kernel.bootID
        let unfinished = try #require(try UnfinishedRun.find(JournalFile(state), bootID: bootID))
        let recovery = try Planner(machine: kernel.state, overrides: unfinished.overrides)
            .recovery(of: unfinished.interruption)
        guard case .stuck(let why, _) = recovery else {
            Issue.record("not stuck: \(recovery)")
            return
        }
        #expect(why.hasPrefix("cxl_acpi is still being loaded or unloaded"))
    }

    @Test("a memory block whose write hangs: nothing is restored, which would wait for the same lock")
    func memory() throws {
        let state = StateDirectory(root: TestCaptures.newDirectory())
        let kernel = HangingMemory()
        let settling = Settling(
            surfaces: kernel.surfaces(try RecordedKernel.lockedSwitch(), state),
            deadlines: Deadlines()
        )
        let writer = MemoryWriter(surfaces: settling.surfaces, deadlines: Deadlines(), isInterruptible: false)
        let found = #expect(throws: ReloadError.self) { try writer.write("offline", to: .block(7)) }
        #expect(found?.code == .hung && found?.cause == "offline_pages")
        #expect(found?.message.contains("/memory7/state") == true)
        #expect(kernel.writes == 1)
    }

    /// A kernel in which a write never ends.
    private final class HangingMemory: MemoryControl {
        private(set) var writes = 0
        func write(_ value: String, to attribute: MemoryAttribute, while goesOn: () -> Bool) throws(WriteRefusal) {
            writes += 1
            throw WriteRefusal(EINTR, hangsIn: "offline_pages")
        }
        func value(of attribute: MemoryAttribute) -> String? { nil }
        func isOnline(block number: Int) -> Bool? { true }
        func surfaces(_ kernel: RecordedKernel, _ state: StateDirectory) -> Surfaces {
            Surfaces(
                modules: kernel,
                hold: kernel,
                memory: self,
                machine: kernel,
                messages: kernel,
                waiter: kernel,
                interrupts: kernel,
                inhibitor: kernel,
                facts: kernel,
                journal: JournalFile(state),
                timer: kernel
            )
        }
    }
}
