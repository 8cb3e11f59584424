import Foundation
import Inspection
import Iomem
import Machine
import TestCaptures
import Testing

/// What must hold for every recorded machine.
@Suite struct EveryCaptureTests {
    @Test("there are captures") func captures() {
        #expect(TestCaptures.all.count >= 340)
    }

    @Test("every capture is read, and gives the generation of its kernel", arguments: TestCaptures.kernels)
    func generation(kernel: String) throws {
        let expected: Generation =
            kernel.hasPrefix("6.1.") ? .hmemOnly : kernel.hasPrefix("6.") ? .deferring : .coordinated
        for root in TestCaptures.all where root.kernel == kernel {
            let state = try Inspector(root: root.path).read()
            #expect(state.kernel.generation.value == expected, "\(root): \(state.kernel.generation.evidence)")
            #expect(!state.kernel.generation.evidence.isEmpty)
            #expect(!state.softReserved.isEmpty, "\(root)")
        }
    }
}
