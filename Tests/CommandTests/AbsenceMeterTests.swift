import Iomem
import Ownership
import Reload
import Testing

@testable import daxswitch

@Suite("How long a region was gone")
struct AbsenceMeterTests {
    /// What is said after `progress`, each with its second.
    private func notes(_ progress: [(Int, Progress)]) throws -> [String] {
        let range = try #require(AddressRange(start: 0x5_d000_0000, size: 0x2000_0000))
        let meter = AbsenceMeter(
            [RegionAbsence(name: "region0", range: range, removal: 1, restoration: 2)],
            during: [.unload("dax_cxl"), .unload("cxl_acpi"), restore]
        )
        for (second, one) in progress { meter.take(one, at: .seconds(second)) }
        return meter.notes
    }

    private var restore: Step {
        .restoreRegion("region0", AddressRange(start: 0x5_d000_0000, size: 0x2000_0000))
    }

    @Test("from the beginning of the step that takes it away to the end of the one that creates it again")
    func measured() throws {
        let steps: [Step] = [.unload("dax_cxl"), .unload("cxl_acpi"), restore]
        let progress = steps.enumerated().flatMap { index, step in
            [
                (10 + 20 * index, Progress.step(step, index: index, count: 3)),
                (15 + 20 * index, .stepEnded(step, elapsed: .seconds(5))),
            ]
        }
        #expect(
            try notes(progress) == [
                "region0 (0x5d0000000-0x5efffffff) was gone for 25 s. Its contents are not promised."
            ]
        )
        // A step before it failed, or this one did.
        #expect(try notes(Array(progress.dropLast())).isEmpty)
    }

    @Test("on the way back the places are those of other steps")
    func wayBack() throws {
        let progress: [(Int, Progress)] = [
            (1, .step(.unload("dax_cxl"), index: 0, count: 3)), (2, .rollingBack([.release, .hold])),
            (3, .step(.hold, index: 1, count: 2)), (9, .stepEnded(restore, elapsed: .seconds(1))),
        ]
        #expect(try notes(progress).isEmpty)
    }

    @Test("a recovery counts from the step of the run that took it away, as the journal has it")
    func recovered() throws {
        let range = try #require(AddressRange(start: 0x5_d000_0000, size: 0x2000_0000))
        let meter = AbsenceMeter(
            [],
            during: [restore],
            since: [range: .seconds(195)],
            of: [RegionAbsence(name: "region0", range: range, removal: 1, restoration: 2)]
        )
        meter.take(.step(restore, index: 0, count: 1), at: .seconds(200))
        meter.take(.stepEnded(restore, elapsed: .seconds(20)), at: .seconds(220))
        #expect(
            meter.notes == [
                "region0 (0x5d0000000-0x5efffffff) was gone for 25 s. Its contents are not promised."
            ]
        )
    }
}
