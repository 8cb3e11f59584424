import Iomem
import Machine
import Testing

@testable import Ownership

@Suite("Proof of policies")
struct ProofTests {
    private static let reload = Policy(
        name: "reload",
        summary: "",
        order: [.unload("dax_cxl"), .unload("dax_hmem"), .unload("cxl_acpi")] + Machines.toCxl.dropFirst(2),
        want: .init(coveredByRegion: nil, windowOnly: nil, outsideWindows: nil),
        consent: .init()
    )
    private static let policies = [Machines.hmem, Machines.cxl, reload]

    /// Fails once for each kind of problem, with the first state that has it.
    private func report(_ problems: [(String, ProofSearch, Int, Plan)]) {
        var seen: [String: Int] = [:]
        for (problem, search, index, plan) in problems {
            seen[problem, default: 0] += 1
            guard seen[problem] == 1 else { continue }
            let state = search.states[index]
            Issue.record(
                """
                \(plan.policy?.name ?? "predict") on \(state.scenario.generation): \(problem)
                \(state.scenario.words): \(state.words)
                after \(search.trace(to: index)); steps \(plan.steps.map(\.description)); hazards \(plan.hazardIDs)
                """
            )
        }
        for (problem, count) in seen where count > 1 { print("\(count) times: \(problem)") }
    }

    private func check(
        _ generation: Generation,
        of policies: [Policy] = Self.policies,
        last: [ProofEvent] = [.online],
        as machine: (ProofState) -> MachineState = \.machine,
        _ find: (ProofState, Policy, Plan) -> [String]
    ) {
        var problems: [(String, ProofSearch, Int, Plan)] = []
        for scenario in ProofScenario.all(generation) {
            let search = ProofSearch(scenario, last: last)
            for (index, state) in search.states.enumerated() {
                guard let planner = try? Planner(machine: machine(state)) else { continue }
                for policy in policies {
                    let plan = planner.plan(policy)
                    problems += find(state, policy, plan).map { ($0, search, index, plan) }
                }
            }
        }
        report(problems)
    }

    @Test("what a reader finds in a state is that state", arguments: Generation.allCases)
    func roundTrip(_ generation: Generation) {
        for scenario in ProofScenario.all(generation) {
            for state in ProofSearch(scenario).states {
                var read = KernelModel(of: state.machine, generation: generation)
                // Not in sysfs: what no driver shows, and the state of the initial probe, which is a finding.
                let hidden = state.model.regions.filter { !$0.isPresent }
                read.regions = read.regions.filter(\.isPresent) + hidden
                read.probeIsPending = state.model.probeIsPending
                if !state.model.seesDecoders {
                    read = read.withConstants { $0.undecoded = state.model.undecoded }
                }
                let again = ProofState(
                    scenario,
                    read,
                    remembered: state.remembered,
                    wasBound: state.wasBound
                )
                #expect(again.key == state.key, "\(scenario.words): \(state.words)")
            }
        }
    }

    @Test(
        "every plan ends as predicted, lists its hazards, is planned once, and where nothing refuses it leads to what is wanted",
        arguments: Generation.allCases
    )
    func properties(_ generation: Generation) {
        check(generation) { state, policy, plan in
            let properties = ProofProperties(state: state, plan: plan)
            return properties.excludedOwners()
                + properties.unlisted(consent: policy.consent).map { "not listed: \($0)" }
                + properties.unfulfilled(policy) + properties.changesAgain(policy)
        }
    }

    @Test("what is not known widens the prediction, and never makes it wrong", arguments: Generation.allCases)
    func forgetful(_ generation: Generation) {
        let forgetting = { (state: ProofState) in
            var machine = state.machine
            machine.remembered = nil
            machine.initialProbe.value = .unknown
            return machine
        }
        check(generation, of: [Machines.hmem, Machines.cxl], last: [], as: forgetting) { state, _, plan in
            ProofProperties(state: state, plan: plan).excludedOwners()
        }
    }

    @Test("the counts add up, and what fails is told with a way to it")
    func counts() throws {
        let generations = PolicyProof(Machines.hmem).run().generations
        #expect(generations.count == Generation.allCases.count)
        for proof in generations {
            #expect(proof.content + proof.brought > 0 && proof.elsewhere == 0)
            #expect(proof.failures.map(\.states).reduce(0, +) == proof.refused + proof.elsewhere)
            #expect(proof.refusedBy.values.allSatisfy { $0 <= proof.refused })
        }
    }

    @Test("a trace leads to its state, and a shorter one comes first")
    func traces() {
        let search = ProofSearch(ProofScenario(.coordinated, .inside, .locked))
        let lengths = search.states.indices.map { search.trace(to: $0).filter { $0 != "load:cxl_mem" }.count }
        #expect(lengths.first == 0 && lengths.allSatisfy { $0 < 20 })
        #expect(search.trace(to: 1) == ["load:cxl_acpi"])
    }
}
