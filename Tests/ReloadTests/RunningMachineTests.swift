import Foundation
import Inspection
import Machine
import TestCaptures
import Testing

@testable import Reload

@Suite("The machine that a run works on")
struct RunningMachineTests {
    @Test("the machine, its drivers and its facts are read below one root")
    func oneRoot() throws {
        let kept = try TestCaptures.root(kernel: "7.3.4", scenario: "auto-reload", "dax_cxl-first")
        let root = try TestCaptures.copy(kept)
        let machine = RunningMachine(StateDirectory(root: root.path))
        let recorded = try Inspector(root: root.path).read()
        #expect(try machine.read() == recorded)
        #expect(machine.hasDaxRegionDriver() == recorded.modules.loaded.keys.contains("dax_cxl"))
        #expect(!machine.udevIsBusy())
    }

    @Test("a wait ends when udev takes its queue away, also if that came before it")
    func queue() throws {
        let state = StateDirectory(root: TestCaptures.newDirectory())
        try FileManager.default.createDirectory(atPath: state.udev, withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: state.udevQueue))
        let waiter = UeventWaiter(watching: state.udev)
        #expect(RunningMachine(state).udevIsBusy())
        try FileManager.default.removeItem(atPath: state.udevQueue)
        let start = waiter.now
        waiter.wait(upTo: .seconds(60))
        #expect(waiter.now - start < .seconds(30))
    }
}
