import Iomem
import LinuxSystem
import Ownership
import Reload

/// How long each region was gone during a run that takes it away and creates it again.
final class AbsenceMeter {
    private let absences: [RegionAbsence]
    /// When the step began that takes the region over these bytes away.
    private var begun: [AddressRange: Duration] = [:]
    private var isGoingBack = false
    /// A sentence for each region that is there again.
    private(set) var notes: [String] = []

    /// - Parameter absences: What the steps of the run are to do, in their order.
    init(_ absences: [RegionAbsence]) { self.absences = absences }

    /// Takes what a run says at the time `now`.
    func take(_ progress: Progress, at now: Duration) {
        switch progress {
        case .rollingBack: isGoingBack = true
        case .step(_, let index, _) where !isGoingBack:
            for absence in absences where absence.removal == index { begun[absence.range] = now }
        case .stepEnded(let step, _):
            guard step.verb == .restoreRegion, let range = step.range, let start = begun.removeValue(forKey: range),
                let absence = absences.first(where: { $0.range == range })
            else { return }
            notes.append(
                "\(absence.name) (\(range)) was gone for \(timeText(now - start)). Its contents are not promised."
            )
        case .notInhibited, .step, .verifying, .offlining: break
        }
    }
}
