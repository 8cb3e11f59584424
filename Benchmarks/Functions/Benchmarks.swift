import Benchmark
import Iomem
import Machine
import Ownership
import ReferenceParser

/// The numbers of ranges that plans are made for.
private let sizes = [100, 1_000, 10_000, 100_000]
/// Lines of the text that is parsed.
private let lines = 1_000_000

/// A name is what is measured, `:`, how much of it, and for a peer `:peer`: `Benchmarks/daxbench/functions.py` reads them.
let benchmarks: @Sendable () -> Void = {
    parsing()
    planning()
}

/// What `Policies/hmem.toml` says.
private let hmem = Policy(
    name: "hmem",
    summary: "",
    order: [.unload("dax_cxl"), .unload("dax_hmem"), .hold, .unload("cxl_acpi"), .load("dax_hmem")],
    want: .init(coveredByRegion: .hmem, windowOnly: .hmem, outsideWindows: .hmem),
    consent: .init()
)

/// The work is done once per measurement: no loop around it hides what the first time costs.
private func configuration(seconds: Int, warmups: Int = 1) -> Benchmark.Configuration {
    .init(
        metrics: [.throughput, .wallClock, .cpuTotal],
        warmupIterations: warmups,
        scalingFactor: .one,
        maxDuration: .seconds(seconds),
        maxIterations: 200
    )
}

private func parsing() {
    let text = IomemText.of(lines: lines)
    Benchmark("parse:\(lines)", configuration: configuration(seconds: 10)) { _ in
        blackHole(try IomemTree(parsing: text, file: "iomem"))
    }
    Benchmark("parse:\(lines):peer", configuration: configuration(seconds: 10)) { benchmark in
        guard let tree = reference_parse(text, text.count) else { return benchmark.error("the text was refused") }
        blackHole(tree)
        reference_free(tree)
    }
}

private func planning() {
    for size in sizes {
        // A plan of a second or two is to be made ten times at least.
        let configuration = configuration(seconds: size > 10_000 ? 20 : 5, warmups: size > 1_000 ? 0 : 1)
        Benchmark("plan:\(size)", configuration: configuration) { _, machine in
            blackHole(try Planner(machine: machine).plan(hmem))
        } setup: {
            LargeMachine.with(ranges: size)
        }
        Benchmark("plan:\(size):peer", configuration: configuration) { _, ranges in
            blackHole(ranges.sorted())
        } setup: {
            LargeMachine.with(ranges: size).softReserved.map(\.range).shuffled()
        }
    }
}
