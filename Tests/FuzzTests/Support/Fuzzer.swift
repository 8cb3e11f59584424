import Foundation
import Synchronization
import TestCaptures
import Testing

/// Feeds changed inputs to one parser for a bounded time.
///
/// Each input follows from its own seed alone. A crash takes the process with it: the seed of the input then stands
/// in `seedFile`, and `DAXSWITCH_FUZZ_SEED=… DAXSWITCH_FUZZ_SECONDS=0` runs just that input again.
struct Fuzzer {
    let name: String
    let corpus: [[UInt8]]

    /// What an input may take; many times what any needs, since the machine may be busy.
    private static let deadline = Duration.seconds(30)

    /// The time for each parser, in seconds: short in the suite, longer in `make lab`.
    static var seconds: Double {
        ProcessInfo.processInfo.environment["DAXSWITCH_FUZZ_SECONDS"].flatMap(Double.init) ?? 0.3
    }

    /// The seed of the first input.
    static var firstSeed: UInt64 {
        let text = ProcessInfo.processInfo.environment["DAXSWITCH_FUZZ_SEED"] ?? "1"
        return (text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)) ?? 1
    }

    private var seedFile: String {
        NSTemporaryDirectory() + "daxswitch-fuzz-\(name)-\(ProcessInfo.processInfo.processIdentifier)"
    }

    /// A fuzzer that starts from the kept inputs in `Corpus/NAME`.
    init(_ name: String) throws {
        self.init(name, corpus: try Corpus.inputs(of: name))
    }

    init(_ name: String, corpus: [[UInt8]]) {
        self.name = name
        self.corpus = corpus
    }

    /// Every kept input as it is, then changed ones. `parse` must come back, whatever it is given.
    func run(_ parse: ([UInt8]) throws -> Void) rethrows {
        #expect(!corpus.isEmpty)
        for input in corpus { try parse(input) }
        try loop { seed in
            let random = SplitMix(seed: seed)
            var choice = random
            let input = choice.pick(corpus) ?? []
            var mutator = Mutator(random: choice, corpus: corpus)
            try parse(mutator.mutated(input))
        }
    }

    /// `body` with one seed after the other, until the time is over.
    func loop(_ body: (UInt64) throws -> Void) rethrows {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(Self.seconds)
        let path = seedFile
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer {
            close(file)
            unsafe unlink(path)
        }
        let watch = Watch(name: name, limit: Self.deadline * 6)
        defer { watch.end() }
        var seed = Self.firstSeed
        var count = 0
        var slowest: (Duration, UInt64) = (.zero, seed)
        repeat {
            let text = Array("0x\(String(seed, radix: 16))              \n".utf8)
            _ = unsafe text.withUnsafeBytes { unsafe pwrite(file, $0.baseAddress, $0.count, 0) }
            watch.begin(seed)
            let start = clock.now
            try body(seed)
            let took = clock.now - start
            if took > slowest.0 { slowest = (took, seed) }
            if took > Self.deadline {
                Issue.record("\(name): the input of DAXSWITCH_FUZZ_SEED=\(seed) took \(took)")
            }
            seed &+= 1
            count += 1
        } while clock.now < end
        if Self.seconds > 1 {
            print("fuzz \(name): \(count) inputs from seed \(Self.firstSeed); slowest \(slowest.1): \(slowest.0)")
        }
    }
}

/// Ends the process where an input hangs: nothing else can stop a parser that does not come back.
private final class Watch: Sendable {
    private let state = Mutex<(seed: UInt64, start: ContinuousClock.Instant)?>(nil)
    private let isOver = Mutex(false)

    init(name: String, limit: Duration) {
        let thread = Thread { [self] in
            while !isOver.withLock({ $0 }) {
                Thread.sleep(forTimeInterval: 0.2)
                if let (seed, start) = state.withLock({ $0 }), ContinuousClock.now - start > limit {
                    fatalError("\(name): the input of DAXSWITCH_FUZZ_SEED=\(seed) hangs")
                }
            }
        }
        thread.start()
    }

    func begin(_ seed: UInt64) { state.withLock { $0 = (seed, .now) } }

    func end() { isOver.withLock { $0 = true } }
}
