import Foundation
import TestCaptures
import Testing

@testable import Reload

@Suite("Signals, whatever the process was started with")
struct SignalTests {
    @Test("under nohup SIGHUP stays ignored; SIGTERM counts anyway")
    func nohup() {
        let status = exitCode {
            signal(SIGHUP, SIG_IGN)
            let interrupts = SignalInterrupts()
            raise(SIGHUP)
            guard interrupts.pending == nil else { return 1 }
            raise(SIGTERM)
            return interrupts.pending == "SIGTERM" ? 0 : 2
        }
        #expect(status == 0)
    }

    @Test(
        "a second SIGINT ends with what is so by then: as it was 1, half-way 5, done 0",
        arguments: [([], 1), ([.halfWay], 5), ([.halfWay, .unchanged], 1), ([.halfWay, .done], 0)]
            as [([RunProgress], Int32)]
    )
    func stopped(progress: [RunProgress], code: Int32) {
        let status = exitCode {
            let interrupts = SignalInterrupts()
            for step in progress { interrupts.note(step) }
            for _ in 1...2 { raise(SIGINT) }
            return 7
        }
        #expect(status == code)
    }
}
