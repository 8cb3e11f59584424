import Iomem
import LinuxSystem
import Ownership
import Reload

/// How long each region was gone during a run that takes it away and creates it again.
final class AbsenceMeter {
    private let absences: [RegionAbsence]
    private let steps: [Step]
    /// The names of the regions by their bytes.
    private let names: [AddressRange: String]
    /// When the step began that takes the region over these bytes away.
    private var begun: [AddressRange: Duration]
    private var isGoingBack = false
    /// A sentence for each region that is there again.
    private(set) var notes: [String] = []

    /// - Parameters:
    ///   - absences: What `steps` are to do, in their order.
    ///   - steps: Those of the run.
    ///   - begun: Since when regions are gone that an interrupted run has taken away.
    ///   - earlier: What the steps of that run were to do.
    init(
        _ absences: [RegionAbsence],
        during steps: [Step],
        since begun: [AddressRange: Duration] = [:],
        of earlier: [RegionAbsence] = []
    ) {
        self.absences = absences
        self.steps = steps
        self.begun = begun
        names = Dictionary((absences + earlier).map { ($0.range, $0.name) }) { first, _ in first }
    }

    /// Takes what a run says at the time `now`.
    func take(_ progress: Progress, at now: Duration) {
        switch progress {
        // A recovery that undoes a run has no other steps.
        case .rollingBack(let back): isGoingBack = back != steps
        case .step(_, let index, _) where !isGoingBack:
            for absence in absences where absence.removal == index { begun[absence.range] = now }
        case .stepEnded(let step, _):
            guard step.verb == .restoreRegion, let range = step.range, let start = begun.removeValue(forKey: range),
                let name = names[range]
            else { return }
            notes.append(
                "\(name) (\(range)) was gone for \(timeText(now - start)). Its contents are not promised."
            )
        case .notInhibited, .step, .verifying, .offlining: break
        }
    }
}
