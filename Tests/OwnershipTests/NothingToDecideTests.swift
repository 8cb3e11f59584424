import Machine
import Testing

@testable import Ownership

@Suite("A machine of which the rules are not known")
struct NothingToDecideTests {
    private func message(_ change: (inout MachineState) -> Void) throws -> String {
        var machine = Machines.booted(.coordinated)
        machine.kernel.generation = Inferred(nil, evidence: ["/proc/iomem has no Soft Reserved line"])
        change(&machine)
        let error = try #require(throws: PlanningError.self) {
            try Planner(machine: machine).predict([.load("dax_hmem")])
        }
        #expect(error.code == .generationUnknown)
        return error.message
    }

    @Test("with nothing on it that rules are about: that is said, and not to name the rules")
    func bare() throws {
        let message = try message {
            $0.softReserved = []
            $0.windows = []
            $0.regions = []
        }
        #expect(message.contains("no Soft Reserved memory") && message.contains("nothing to decide"))
        #expect(!message.contains("--rules"))
    }

    @Test("with Soft Reserved memory or a window: the evidence, and --rules")
    func unknown() throws {
        #expect(try message { $0.windows = [] }.contains("--rules"))
        #expect(try message { $0.softReserved = [] }.contains("--rules"))
    }
}
