import Machine
import Ownership
import Testing

@testable import Reload

@Suite("Waiting for the effect of a step")
struct SettlingTests {
    private func settling(_ kernel: RecordedKernel) -> Settling {
        Settling(surfaces: kernel.surfaces, deadlines: Deadlines())
    }

    private func error(_ body: () throws(ReloadError) -> Void) -> ReloadError? {
        do throws(ReloadError) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    @Test("a machine that changes between readings is not settled before it has stayed the same for an interval")
    func staysTheSame() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.onRead = { count, machine throws(ReloadError) in
            if count < 5 { machine.modules.loaded["dax_hmem"]?.references = count }
        }
        try settling(kernel).settle(.release)
        #expect(kernel.now >= .milliseconds(500))
    }

    @Test("wake-ups that come faster than the interval do not make two readings count as apart")
    func wokenEarly() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.wakesAfter = .milliseconds(1)
        try settling(kernel).settle(.release)
        #expect(kernel.now >= .milliseconds(100))
    }

    @Test("dax_cxl is in, its driver is registered later by a work item: waited for")
    func lateDriver() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.driverDelay = .seconds(2)
        try kernel.insert("dax_cxl", isHeld: false)
        try settling(kernel).settle(.load("dax_cxl"))
        #expect(kernel.now >= .seconds(2))
    }

    @Test("udev is loading a module as a recovery begins: waited for, but not for ever")
    func atRest() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.onRead = { count, machine throws(ReloadError) in machine.modules.loaded["dax_hmem"]?.isLive = count >= 12
        }
        #expect(try kernel.surfaces.machine.readAtRest(kernel.surfaces.waiter).moduleInChange == nil)
        #expect(kernel.now == .milliseconds(1200))
        kernel.onRead = nil
        kernel.reinterpret { $0.modules.loaded["cxl_acpi"]?.isLive = false }
        #expect(try kernel.surfaces.machine.readAtRest(kernel.surfaces.waiter).moduleInChange == "cxl_acpi")
        #expect(kernel.now >= .seconds(31) && kernel.now < .seconds(32))
    }

    @Test("what does not come until the deadline is named")
    func deadline() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        let found = error { () throws(ReloadError) in try settling(kernel).settle(.unload("dax_cxl")) }
        #expect(found?.code == .notSettled)
        #expect(found?.cause == "dax_cxl is still in /proc/modules")
        #expect(kernel.now >= .seconds(30) && kernel.now < .seconds(31))
    }

    @Test("a complaint of the kernel ends the waiting at once")
    func complaint() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.driverDelay = .seconds(60)
        let line = "cxl_dax_region dax_region0: dax_region resource conflict for [mem 0x5d0000000-0x5efffffff]"
        kernel.lines[.load("dax_cxl")] = [line]
        try kernel.insert("dax_cxl", isHeld: false)
        let found = error { () throws(ReloadError) in try settling(kernel).settle(.load("dax_cxl")) }
        #expect(found?.code == .kernelTrouble)
        #expect(found?.cause == line)
        #expect(kernel.now < .seconds(1))
    }

    @Test("a reading that contradicts itself is made again; one that is not permitted is not")
    func readings() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.onRead = { count, _ throws(ReloadError) in
            if count < 3 { throw ReloadError(.busy, "the machine changed while it was read") }
            if count > 3 { throw ReloadError(.notPermitted, "no") }
        }
        _ = try settling(kernel).read()
        #expect(kernel.now == .milliseconds(300))
        let found = error { () throws(ReloadError) in _ = try settling(kernel).read() }
        #expect(found?.code == .notPermitted)
        #expect(kernel.now == .milliseconds(300))
    }
}
