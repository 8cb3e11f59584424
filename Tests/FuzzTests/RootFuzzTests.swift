import Foundation
import Inspection
import Machine
import Ownership
import Policy
import TestCaptures
import Testing

/// A recorded machine with one damage is read or refused; where it is read, it can be planned for.
@Suite("Damaged captures", .serialized) struct RootFuzzTests {
    private static let captures = [
        ("7.3.4", "auto-reload", "dax_cxl-first"), ("7.3.4", "auto-kmem", "kmem-offlined"),
        ("7.3.4", "auto-mixed", "dax_cxl-first"),
        ("6.12.107", "locked-reload", "hmem-first"), ("6.12.107-firmware", "scale-2w", "dax_cxl"),
    ]

    @Test(arguments: captures) func damage(kernel: String, scenario: String, moment: String) throws {
        let root = try DamagedRoot(TestCaptures.root(kernel: kernel, scenario: scenario, moment))
        let policies = try ["cxl", "hmem", "reload"].map { try PolicyLibrary(folders: []).find($0).policy }
        let whole = try Inspector(root: root.path).read()
        let predictions = try policies.map { try Planner(machine: whole).plan($0).prediction }
        let verbose = ProcessInfo.processInfo.environment["DAXSWITCH_FUZZ_SECONDS"] == "0"
        try Fuzzer("root-\(kernel)-\(scenario)", corpus: []).loop { seed in
            try root.damaged(by: seed) { what in
                if verbose { print("\(scenario): \(what)") }
                let machine: MachineState
                do throws(InspectionError) {
                    machine = try Inspector(root: root.path).read()
                } catch {
                    #expect(!error.message.isEmpty)
                    return
                }
                _ = ownedRanges(of: machine)
                for prediction in predictions { _ = compare(prediction, with: machine) }
                plan(machine, policies)
            }
        }
    }

    private func plan(_ machine: MachineState, _ policies: [Policy]) {
        do throws(PlanningError) {
            let planner = try Planner(machine: machine)
            for policy in policies {
                let plan = planner.plan(policy)
                _ = compare(plan.prediction, with: machine)
                _ = planner.unmet(policy.want)
            }
        } catch {
            #expect(!error.message.isEmpty)
        }
    }
}
