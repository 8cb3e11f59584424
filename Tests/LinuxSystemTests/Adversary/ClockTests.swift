import Foundation
import TestCaptures
import Testing

@Suite("17: the time for which a machine was suspended")
struct ClockTests {
    /// On Linux a `ContinuousClock` is CLOCK_BOOTTIME, which goes on during a suspend: a step that was a second old would be
    /// broken off afterwards. A `SuspendingClock` is CLOCK_MONOTONIC, as poll(2) and `UeventWaiter` have it.
    @Test("no deadline goes by a clock that counts it") func deadlines() throws {
        let sources = TestCaptures.repository.appendingPathComponent("Sources")
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        var found: [String] = []
        var count = 0
        for case let file as URL in files where ["swift", "c", "h"].contains(file.pathExtension) {
            count += 1
            let text = try String(contentsOf: file, encoding: .utf8)
            if text.contains("ContinuousClock") || text.contains("CLOCK_BOOTTIME") { found.append(file.path) }
        }
        #expect(count > 100 && found == [])
    }
}
