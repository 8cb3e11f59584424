import Foundation
import Inspection
import Iomem
import Machine
import Policy
import TestCaptures
import Testing

@testable import Ownership

/// A recording without one of its files or directories gives the same answers, fewer certain ones, or an error; never
/// another certain answer.
@Suite struct TornCaptureTests {
    /// What a machine is said to be, and what each policy is said to lead to.
    private struct Answers {
        var now: [OwnedRange]
        var plans: [Plan]?
        /// The material says that it lacks something.
        var isWhole: Bool

        init(_ path: String, _ policies: [Ownership.Policy]) throws(InspectionError) {
            let machine = try Inspector(root: path).read()
            now = ownedRanges(of: machine)
            isWhole = machine.material.unrecorded.isEmpty
            plans = (try? Planner(machine: machine)).map { planner in policies.map { planner.plan($0) } }
        }

        func admits(_ torn: Answers) -> Bool {
            guard torn.isWhole else { return admitsPartial(torn) }
            guard now == torn.now else { return false }
            guard let plans, let others = torn.plans else { return true }
            return zip(plans, others).allSatisfy { plan, other in
                let owners = zip(plan.prediction.ranges, other.prediction.ranges)
                let hazards = Set(plan.hazards.map(\.id))
                return plan.prediction.ranges.map(\.range) == other.prediction.ranges.map(\.range)
                    && owners.allSatisfy { $0.owners.isSubset(of: $1.owners) }
                    && hazards.isSubset(of: other.hazards.map(\.id))
                    && (plan.steps == other.steps || !other.prediction.isCertain)
            }
        }

        /// What is not there is unknown: a range has the same owner as the whole machine, or one that is not known.
        private func admitsPartial(_ torn: Answers) -> Bool {
            torn.now.allSatisfy { owned in
                !owned.isOwnerKnown
                    || now.contains {
                        $0.range.overlaps(owned.range) && $0.owner == owned.owner && $0.through == owned.through
                    }
            }
        }
    }

    /// The top of the tree, in which each part is lost by itself: what is as deep as `/sys/bus/cxl/devices`.
    private func parts(of root: CaptureRoot) -> [String] {
        let names = (FileManager.default.enumerator(atPath: root.path)?.allObjects ?? []).compactMap { $0 as? String }
        return names.filter { name in
            let depth = name.split(separator: "/").count
            return depth <= 3 || depth == 4 && (name.hasPrefix("sys/bus") || name.hasPrefix("sys/firmware"))
        }.sorted()
    }

    @Test(
        "each part of the tree is lost",
        arguments: [
            ("7.3.4", "locked-switch", "hmem-owned"), ("7.3.4", "auto-kmem", "kmem-offlined"),
            ("6.12.107", "auto-reload", "dax_cxl-removed"),
        ]
    )
    func lost(kernel: String, scenario: String, moment: String) throws {
        let root = try TestCaptures.copy(TestCaptures.root(kernel: kernel, scenario: scenario, moment))
        let policies = try ["cxl", "hmem"].map { try PolicyLibrary(folders: []).find($0).policy }
        let whole = try Answers(root.path, policies)
        let aside = TestCaptures.newDirectory() + "/aside"
        var answered = 0
        for part in parts(of: root) {
            try FileManager.default.moveItem(atPath: "\(root.path)/\(part)", toPath: aside)
            defer {
                #expect(throws: Never.self) {
                    try FileManager.default.moveItem(atPath: aside, toPath: "\(root.path)/\(part)")
                }
            }
            do throws(InspectionError) {
                let torn = try Answers(root.path, policies)
                answered += 1
                #expect(whole.admits(torn), "without /\(part): \(torn)")
            } catch {
                #expect(error.code == .badCapture && error.message.contains("/"), "without /\(part): \(error)")
            }
        }
        #expect(answered > 10, "most parts decide nothing")
    }
}
