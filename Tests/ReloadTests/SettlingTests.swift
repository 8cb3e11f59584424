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
        _ = try settling(kernel).settle(.release)
        #expect(kernel.now >= .milliseconds(500))
    }

    @Test("wake-ups that come faster than the interval do not make two readings count as apart")
    func wokenEarly() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.wakesAfter = .milliseconds(1)
        _ = try settling(kernel).settle(.release)
        #expect(kernel.now >= .milliseconds(100))
    }

    /// What `steps` lead to.
    private func target(_ steps: [Step], _ kernel: RecordedKernel) throws -> Target {
        Target(of: try Planner(machine: kernel.state).predict(steps))
    }

    @Test("while uevents come, the machine is not read before /proc/iomem shows what is expected of a load")
    func notYetShown() throws {
        for isAnnounced in [true, false] {
            let kernel = try RecordedKernel.lockedSwitch()
            let expected = try target([], kernel)
            let whole = kernel.state
            for module in ["dax_cxl", "dax_hmem", "cxl_acpi"] { try kernel.remove(module) }
            kernel.reinterpret { $0.modules = whole.modules }
            kernel.wakesAfter = isAnnounced ? .milliseconds(10) : nil
            // udev is seen at work, so it has begun with what was announced.
            kernel.udevRestsAt = isAnnounced ? .milliseconds(50) : .zero
            kernel.onWait = { kernel, count in if count == 20 { kernel.reinterpret { $0 = whole } } }
            _ = try settling(kernel).settle(.load("cxl_acpi"), expecting: [expected])
            // Without uevents an interval without a change is rest as well.
            #expect(kernel.reads == (isAnnounced ? 1 : 2))
            #expect(kernel.now == .milliseconds(200))
        }
    }

    @Test("a machine that is as expected is at rest, if nothing was announced while it was read")
    func asExpected() throws {
        for isAnnounced in [false, true] {
            let kernel = try RecordedKernel.lockedSwitch()
            let expected = try target([.unload("dax_cxl")], kernel)
            kernel.onRead = { [unowned kernel] count, _ throws(ReloadError) in
                kernel.hasAnnounced = isAnnounced && count == 0
            }
            try kernel.remove("dax_cxl")
            let machine = try settling(kernel).settle(.unload("dax_cxl"), expecting: [expected]).machine
            #expect(machine == kernel.state)
            #expect(kernel.now == .zero)
            #expect(kernel.reads == (isAnnounced ? 2 : 1))
        }
    }

    @Test("a machine that is not as expected must stay the same for an interval")
    func notAsExpected() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        let expected = try target([.unload("dax_cxl")], kernel)
        _ = try settling(kernel).settle(.release, expecting: [expected])
        #expect(kernel.now == .milliseconds(100))
    }

    @Test("udev is waited for after a hold and after what adds devices, unless a load follows")
    func udev() throws {
        let range = try #require(try RecordedKernel.lockedSwitch().state.regions.first?.range)
        let cases: [(step: Step, next: Step?, isAwaited: Bool)] = [
            (.hold, .unload("cxl_acpi"), true), (.load("dax_hmem"), nil, true),
            (.load("dax_hmem"), .unload("dax_cxl"), true), (.load("dax_hmem"), .load("dax_cxl"), false),
            (.release, .load("cxl_acpi"), false), (.unload("kmem"), nil, false),
            (.bindRegion(range), .load("kmem"), true),
        ]
        for (step, next, isAwaited) in cases {
            let kernel = try RecordedKernel.lockedSwitch()
            kernel.reinterpret { $0.isHeld = step == .hold }
            kernel.udevRestsAt = .seconds(2)
            let expected = try target([], kernel)
            _ = try settling(kernel).settle(step, before: next, expecting: [expected])
            #expect(kernel.now == (isAwaited ? .seconds(2) : .zero), "\(step)")
            #expect(kernel.reads == 1)
        }
    }

    @Test(
        "udev gets an interval to begin, counted from what the kernel announced last; nothing if it announced nothing"
    )
    func udevBegins() throws {
        for isAnnounced in [true, false] {
            let kernel = try RecordedKernel.lockedSwitch()
            let expected = try target([], kernel)
            if isAnnounced { try kernel.insert("dax_cxl", isHeld: false) }
            _ = try settling(kernel).settle(.load("dax_cxl"), expecting: [expected])
            #expect(kernel.now == (isAnnounced ? .milliseconds(100) : .zero))
        }
    }

    @Test("udev that begins during the reading is waited for, however long the reading takes") func udevBeginsLate()
        throws
    {
        let kernel = try RecordedKernel.lockedSwitch()
        let expected = try target([], kernel)
        try kernel.insert("dax_cxl", isHeld: false)
        kernel.onRead = { [unowned kernel] count, _ throws(ReloadError) in
            guard count == 0 else { return }
            kernel.pass(.milliseconds(150))
            kernel.udevRestsAt = .milliseconds(400)
        }
        _ = try settling(kernel).settle(.load("dax_cxl"), expecting: [expected])
        #expect(kernel.now >= .milliseconds(400))
    }

    @Test("a load that was done before the step is not looked for again, if nothing has changed since")
    func nothingToDo() throws {
        enum Since: CaseIterable { case nothing, uevent, udevAtWork, time, module }
        for since in Since.allCases {
            let kernel = try RecordedKernel.lockedSwitch()
            let expected = try target([], kernel)
            var before = try settling(kernel).takeReading()
            switch since {
            case .nothing: break
            case .uevent: kernel.hasAnnounced = true
            case .udevAtWork: kernel.udevRestsAt = .milliseconds(300)
            case .time: kernel.pass(.milliseconds(1))
            case .module:
                var machine = before.machine
                machine.modules.loaded["dax_cxl"] = nil
                before = Reading(machine: machine, start: before.start, end: before.end)
            }
            let machine = try settling(kernel).settle(.load("dax_cxl"), from: before, expecting: [expected]).machine
            #expect(machine == kernel.state)
            #expect(kernel.reads == (since == .nothing ? 1 : 2), "\(since)")
            #expect(kernel.now >= (since == .udevAtWork ? .milliseconds(300) : .zero))
        }
    }

    @Test("a udev that does not come to rest is waited for ten seconds")
    func restless() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.udevRestsAt = .seconds(60)
        _ = try settling(kernel).settle(.load("dax_hmem"), expecting: [try target([], kernel)])
        #expect(kernel.now > .seconds(10) && kernel.now < .seconds(11))
    }

    @Test("dax_cxl is in, its driver is registered later by a work item: waited for")
    func lateDriver() throws {
        let kernel = try RecordedKernel.lockedSwitch()
        kernel.driverDelay = .seconds(2)
        try kernel.insert("dax_cxl", isHeld: false)
        _ = try settling(kernel).settle(.load("dax_cxl"))
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
        let found = error { () throws(ReloadError) in _ = try settling(kernel).settle(.unload("dax_cxl")) }
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
        let found = error { () throws(ReloadError) in _ = try settling(kernel).settle(.load("dax_cxl")) }
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
