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
}
