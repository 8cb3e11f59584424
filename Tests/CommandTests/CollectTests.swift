import Foundation
import Inspection
import Machine
import TestCaptures
import Testing

@testable import daxswitch

@Suite("collect")
struct CollectTests {
    /// What may differ between a machine and its recording: the names of the files in sentences.
    private func facts(_ root: String) throws -> MachineState {
        var machine = try Inspector(root: root).read()
        machine.kernel.generation.evidence = machine.kernel.generation.evidence.map {
            $0.replacingOccurrences(of: root, with: "")
        }
        machine.initialProbe.evidence = machine.initialProbe.evidence.map {
            $0.replacingOccurrences(of: root, with: "")
        }
        return machine
    }

    @Test(
        "a recording of a recorded machine reads as that machine",
        arguments: [
            ("7.3.4", "auto-reload", "04"), ("7.3.4", "auto-kmem", "03"), ("7.3.4", "auto-devdax", "02"),
            ("7.3.4-firmware", "scale-2w", "03"), ("6.12.107", "auto-partial", "03"),
            ("6.12.107", "hmem-first-then-cxl", "03"), ("6.1.0-50-amd64", "auto-hmem-elsewhere", "02"),
        ]
    )
    func roundTrip(kernel: String, scenario: String, moment: String) throws {
        let root = try TestCaptures.copyWithModules(
            try TestCaptures.root(kernel: kernel, scenario: scenario, moment)
        )
        let directory = TestCaptures.newDirectory()
        try Collector(root: root.path, directory: directory).record()
        #expect(try facts(directory) == (try facts(root.path)))
    }

    @Test("a directory with something in it is left alone: 64")
    func notEmpty() throws {
        let file = try temporaryFile("note", "mine")
        let directory = String(file.dropLast("/note".count))
        let ended = try Tool.run(["collect", directory])
        #expect(ended.status == 64)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["note"])
    }
}
