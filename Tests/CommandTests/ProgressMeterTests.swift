import Ownership
import Reload
import Testing

@testable import daxswitch

@Suite("Progress of memory that goes offline")
struct ProgressMeterTests {
    /// What was written, and what a line was replaced with, in order.
    private func shown(isTerminal: Bool, _ progress: [Progress]) -> [String] {
        var shown: [String] = []
        let meter = ProgressMeter(
            isTerminal: isTerminal,
            write: { shown.append("line \($0)") },
            overwrite: { shown.append("bar \($0)") }
        )
        for one in progress { meter.show(one) }
        meter.end()
        return shown
    }

    private func offline(_ mebibytes: UInt64, after seconds: Int) -> Progress {
        .offlining(done: mebibytes << 20, total: 512 << 20, elapsed: .seconds(seconds))
    }

    @Test("on a terminal one bar, that is gone before the next line")
    func terminal() {
        let step = Progress.step(.hold, index: 0, count: 1)
        #expect(
            shown(isTerminal: true, [offline(128, after: 2), offline(256, after: 4), step]) == [
                "bar [######------------------] 128 MiB of 512 MiB offline, 64 MiB/s, 6 s left",
                "bar [############------------] 256 MiB of 512 MiB offline, 64 MiB/s, 4 s left", "bar ",
                "line [1/1] hold",
            ]
        )
    }

    @Test("in a file plain lines, one in five seconds, and the last")
    func plain() {
        let progress = [offline(1, after: 1), offline(2, after: 2), offline(128, after: 8), offline(512, after: 9)]
        #expect(
            shown(isTerminal: false, progress) == [
                "line 1 MiB of 512 MiB offline, 1 MiB/s, 511 s left",
                "line 128 MiB of 512 MiB offline, 16 MiB/s, 24 s left", "line 512 MiB of 512 MiB offline, 56.9 MiB/s",
            ]
        )
    }

    @Test("before anything has gone there is no rate")
    func nothingYet() {
        #expect(offlineText(done: 0, total: 512 << 20, elapsed: .seconds(3)) == "0 B of 512 MiB offline")
        #expect(bar(done: 0, total: 0, width: 2) == "[##]")
    }
}
