import Inspection
import Ownership
import Reload
import TestCaptures
import Testing

@testable import daxswitch

@Suite("Progress of a run")
struct ProgressMeterTests {
    /// What was written, and what a line was replaced with, in order.
    private func shown(isTerminal: Bool, width: Int = 80, expecting steps: [Step] = [], _ progress: [Progress]) throws
        -> [String]
    {
        var shown: [String] = []
        let meter = ProgressMeter(
            isTerminal: isTerminal,
            width: width,
            write: { shown.append("line \($0)") },
            overwrite: { shown.append("bar \($0)") }
        )
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "locked-switch", "cxl-owned")
        meter.expect(steps, on: try Inspector(root: root.path).read())
        for one in progress { meter.show(one) }
        meter.end()
        return shown
    }

    private func offline(_ mebibytes: UInt64, after seconds: Int) -> Progress {
        .offlining(done: mebibytes << 20, total: 512 << 20, elapsed: .seconds(seconds))
    }

    private let steps: [Step] = [.unload("dax_cxl"), .hold]

    @Test("on a terminal a line for each step, its time below the others; what is at work is drawn over")
    func terminal() throws {
        let progress: [Progress] = [
            .step(steps[0], index: 0, count: 2), .stepEnded(steps[0], elapsed: .milliseconds(314)),
            .step(steps[1], index: 1, count: 2), .stepEnded(steps[1], elapsed: .seconds(12)), .verifying,
        ]
        #expect(
            try shown(isTerminal: true, expecting: steps, progress) == [
                "bar [1/2] unload dax_cxl ...", "bar ",
                "line [1/2] unload dax_cxl                     0.31 s",
                "bar [2/2] hold: block cxl_acpi from loading ...", "bar ",
                "line [2/2] hold: block cxl_acpi from loading  12 s",
                "bar comparing the machine with the plan ...", "bar ",
            ]
        )
    }

    @Test("on a terminal a bar in the place of the step while its memory goes offline")
    func memory() throws {
        let step = Progress.step(.hold, index: 0, count: 1)
        #expect(
            try shown(isTerminal: true, [step, offline(128, after: 2), offline(256, after: 4)]) == [
                "bar [1/1] hold ...",
                "bar [1/1] [######------------------] 128 MiB of 512 MiB offline, 64 MiB/s, 6 s left",
                "bar [1/1] [############------------] 256 MiB of 512 MiB offline, 64 MiB/s, 4 s left", "bar ",
            ]
        )
    }

    @Test(
        "what is drawn over fits any terminal: a line that is broken can't be replaced",
        arguments: [40, 60, 80, 200]
    )
    func narrow(width: Int) throws {
        let progress: [Progress] = [.step(.hold, index: 0, count: 1), offline(128, after: 20_000), .verifying]
        for line in try shown(isTerminal: true, width: width, progress) {
            #expect(line.dropFirst("bar ".count).count < width)
        }
    }

    @Test("in a log a line when a step begins, and one more if it took long")
    func log() throws {
        let progress: [Progress] = [
            .step(steps[0], index: 0, count: 2), .stepEnded(steps[0], elapsed: .milliseconds(999)),
            .step(steps[1], index: 1, count: 2), .stepEnded(steps[1], elapsed: .milliseconds(3_210)), .verifying,
        ]
        #expect(
            try shown(isTerminal: false, expecting: steps, progress) == [
                "line [1/2] unload:dax_cxl", "line [2/2] hold", "line [2/2] hold took 3.21 s",
            ]
        )
    }

    @Test("in a log plain lines about memory, one in five seconds, and the last")
    func plain() throws {
        let progress = [offline(1, after: 1), offline(2, after: 2), offline(128, after: 8), offline(512, after: 9)]
        #expect(
            try shown(isTerminal: false, progress) == [
                "line 1 MiB of 512 MiB offline, 1 MiB/s, 8 min 31 s left",
                "line 128 MiB of 512 MiB offline, 16 MiB/s, 24 s left", "line 512 MiB of 512 MiB offline, 56.9 MiB/s",
            ]
        )
    }

    @Test("a way back is counted as well")
    func wayBack() throws {
        let progress: [Progress] = [.rollingBack([.release]), .step(.release, index: 0, count: 1)]
        #expect(try shown(isTerminal: false, progress) == ["line rolling back: 1 step", "line [1/1] release"])
    }

    @Test("before anything has gone there is no rate")
    func nothingYet() {
        #expect(offlineText(done: 0, total: 512 << 20, elapsed: .seconds(3)) == "0 B of 512 MiB offline")
        #expect(bar(done: 0, total: 0, width: 2) == "[##]")
    }
}

@Suite("How long a run takes, from the history")
struct ExpectedTimeTests {
    private let steps: [Step] = [.unload("dax_cxl"), .hold]

    private func record(
        _ milliseconds: Int?,
        steps: [String] = ["unload:dax_cxl", "hold"],
        outcome: String = "done",
        command: String = "apply"
    ) -> HistoryRecord {
        HistoryRecord(
            time: "2026-11-23T09:41:07Z",
            version: "0.2.0",
            command: command,
            outcome: outcome,
            changed: true,
            exitCode: 0,
            steps: steps,
            hazards: [],
            accepted: [],
            differences: 0,
            durationMilliseconds: milliseconds
        )
    }

    @Test("the median of the same steps; what failed, other steps and records without a time don't count")
    func median() {
        let records = [
            record(9_000), record(4_100), record(1_000), record(90_000, outcome: "rolled-back"), record(nil),
            record(50_000, steps: ["hold"]), record(60_000, command: "recover"),
        ]
        let expected = ExpectedTime(of: steps, in: records)
        #expect(expected?.time == .milliseconds(4_100) && expected?.runs == 3)
        #expect(expected?.text == "This takes about 4 s, as in 3 earlier runs here.")
        #expect(
            ExpectedTime(of: steps, in: [record(314)])?.text
                == "This takes less than a second, as in 1 earlier run here."
        )
    }

    @Test("no run of these steps: nothing is said")
    func none() {
        #expect(ExpectedTime(of: [.release], in: [record(4_100)]) == nil)
        #expect(ExpectedTime(of: [], in: [record(4_100, steps: [])]) == nil)
    }
}
