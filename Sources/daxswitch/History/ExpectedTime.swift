import Ownership

/// How long a run is likely to take, from the runs of the same steps on this host.
struct ExpectedTime: Equatable {
    let time: Duration
    /// How many runs that is known from.
    let runs: Int

    /// Older runs count no more: the host may have had other memory and another kernel.
    private static let latest = 10

    /// The median of the latest runs of just `steps` that were done; nil without such a run.
    init?(of steps: [Step], in records: [HistoryRecord]) {
        let words = steps.map(\.description)
        let times = records.filter { $0.command == "apply" && $0.outcome == "done" && $0.steps == words }
            .compactMap(\.durationMilliseconds).filter { $0 >= 0 }.suffix(Self.latest).sorted()
        guard !steps.isEmpty, !times.isEmpty else { return nil }
        time = .milliseconds(times[times.count / 2])
        runs = times.count
    }

    /// The same, from the history of this host, whose files may be `known`; nil also if that can't be read.
    init?(of steps: [Step], known files: [String: [UInt8]?]) {
        guard let history = try? History.read(root: "", known: files) else { return nil }
        self.init(of: steps, in: history.records)
    }

    /// `This takes about 4 s, as on 3 earlier runs here.`
    var text: String {
        let about =
            time < .seconds(1)
            ? "less than a second" : "about \(timeText(.seconds(Int((time / .seconds(1)).rounded()))))"
        return "This takes \(about), as in \(counted(runs, "earlier run")) here."
    }
}
