import Iomem
import Machine

/// The hazards of where a sequence of steps ends.
struct OutcomeHazards {
    let start: Unknowns
    let end: [ModelIndex]
    let policy: Policy?
    let steps: [Step]

    func hazards(_ prediction: Prediction) -> [Hazard] {
        guard !steps.isEmpty, let now = start.indexes.first else { return [] }
        var found: [Hazard] = []
        lazy var dead = DeadBytes(in: start.models)
        lazy var regions = ReturningRegions(in: start.models)
        for predicted in prediction.ranges {
            let owner = now.owner(of: predicted.range)
            if owner != .none, predicted.owners.contains(.none), !now.model.constants.under.isBeyond(predicted.range),
                !dead.hold(predicted.range)
            {
                found.append(orphaned(predicted, owner, regions.first(over: predicted.range)))
            }
            if owner != .both && predicted.owners.contains(.both) { found.append(doubleClaim(predicted)) }
            if let policy { found += unmet(policy, predicted, prediction.missingFacts) }
        }
        return found + unbindable()
    }

    private func orphaned(_ predicted: PredictedRange, _ owner: Owner, _ region: ModelRegion?) -> Hazard {
        let verb = predicted.owners == [.none] ? "would" : "may"
        return Hazard(
            id: .orphanedRange,
            subject: "\(predicted.range)",
            ranges: [predicted.range],
            why:
                "\(predicted.range) \(verb) have no owner afterwards; \(owner.rawValue) owns it now (\(predicted.why))",
            fix: meetsWindow(predicted.range)
                ? regionAdvice(predicted.range, region) + Self.anyway(.orphanedRange)
                : "keep the driver. To do it anyway: --accept orphaned-range"
        )
    }

    /// The end of a fix for a hazard that can be accepted.
    private static func anyway(_ id: Hazard.Identifier) -> String { ". To do it anyway: --accept \(id.rawValue)" }

    /// A region that is there gets its dax region when it is bound while nobody else holds the bytes
    /// (drivers/cxl/core/region.c: cxl_region_probe()).
    private func regionAdvice(_ range: AddressRange, _ region: ModelRegion?) -> String {
        guard let region else {
            return "reboot" + (start.models.first.map { ", or \($0.constants.regionAdvice(over: [range]))" } ?? "")
        }
        return
            "reboot. Or unbind \(region.name) first (`echo \(region.name) > /sys/bus/cxl/drivers/cxl_region/unbind`), "
            + "and bind it again when no other device uses its range"
    }

    private func meetsWindow(_ range: AddressRange) -> Bool {
        start.models.contains { $0.constants.meetsWindow(range) }
    }

    /// Nil where no line of `/proc/iomem` that stays is in the way.
    private func advice(over range: AddressRange, _ lines: [IomemEntry]) -> String? {
        guard !lines.isEmpty, let constants = start.models.first?.constants else { return nil }
        return (constants.smallerDevice(range).map { "--accept unbindable, then \($0). " } ?? "")
            + "Permanent fix: firmware whose SRAT lists the memory for drivers as a separate range"
    }

    private func doubleClaim(_ predicted: PredictedRange) -> Hazard {
        Hazard(
            id: .doubleClaim,
            subject: "\(predicted.range)",
            ranges: [predicted.range],
            why:
                "dax_hmem and dax_cxl would both have a device over \(predicted.range). Two drivers could use the same memory",
            fix: "put unload:dax_hmem before load:dax_cxl in the order"
        )
    }

    private func unmet(_ policy: Policy, _ predicted: PredictedRange, _ missing: [String]) -> [Hazard] {
        let ranges = start.uncut(predicted.range)
        let isMet = { (index: ModelIndex) in
            ranges.allSatisfy { bytes in
                policy.want.owner(over: bytes, in: index)
                    .map { predicted.owners.count == 1 && predicted.owners.contains($0) } ?? true
            }
        }
        if start.indexes.allSatisfy(isMet) { return [] }
        let wanted = Set(
            start.indexes.flatMap { index in ranges.compactMap { policy.want.owner(over: $0, in: index) } }
        )
        let words = { (owners: Set<Owner>) in owners.sorted().map(\.rawValue).joined(separator: " or ") }
        let subject = "\(predicted.range)"
        // What is wanted depends on what lies over the bytes, which may be unknown: each end is compared with its own start.
        let misses = end.map { end in
            let origin = start.indexes.first { $0.model.assumptions == end.model.assumptions } ?? start.indexes.first
            return ranges.contains { range in
                let wish = origin.flatMap { policy.want.owner(over: range, in: $0) }
                return wish.map { end.owner(of: range) != $0 } ?? false
            }
        }
        guard misses.contains(true) else { return [] }
        if !misses.contains(false) {
            return [
                Hazard(
                    id: .wantUnmet,
                    subject: subject,
                    ranges: [predicted.range],
                    why: "policy \(policy.name) asks for \(words(wanted)) over \(subject), but its order leads to "
                        + "\(words(predicted.owners)) (\(predicted.why))",
                    fix: predicted.rules.contains(Rule.alignment.id)
                        ? "have the firmware align the range to 2 MiB"
                        : "change the policy's order or its [want]. `daxswitch predict` shows the result of an order"
                )
            ]
        }
        let isCoverUnknown = predicted.owners.count == 1
        let what =
            isCoverUnknown
            ? "whether \(subject) has the owner that policy \(policy.name) asks for is not known: it depends on whether a "
                + "CXL window or region covers it. Predicted owner: \(words(predicted.owners)); the policy asks for "
                + words(wanted)
            : "the owner of \(subject) afterwards is not certain: \(words(predicted.owners)); the policy asks for "
                + words(wanted)
        let reasons = isCoverUnknown ? start.coverFacts.map(\.words) : missing
        let why = ([what] + reasons.map(\.asSentence)).joined(separator: ". ")
        return [
            Hazard(
                id: .nondeterministic,
                subject: subject,
                ranges: [predicted.range],
                why: why,
                fix: (start.adviceOnUnseenDevices ?? "reboot, which makes the state known")
                    + Self.anyway(.nondeterministic)
            )
        ]
    }

    private func unbindable() -> [Hazard] {
        let before = Set(start.models.flatMap(\.blockedRanges))
        let blocked = end.map(\.model.blockedRanges)
        let sets = blocked.map(Set.init)
        let leaked = RangeIndex(end.flatMap(\.model.leaked))
        return blocked.flatMap { $0 }.filter { !before.contains($0) }.uniqued().map { range in
            let isCertain = sets.allSatisfy { $0.contains(range) }
            let isStuck = leaked.overlaps(range)
            let lines = start.models.first?.constants.under.lines(in: range) ?? []
            let why =
                isStuck
                ? "leaked memory overlaps it"
                : lines.isEmpty
                    ? "a region or window boundary splits it"
                    : "\(lines.map { "\($0.name) (\($0.range))" }.uniqued().joined(separator: ", ")) lies in it (\(Rule.sratRangeWhole.id))"
            return Hazard(
                id: .unbindable,
                subject: "\(range)",
                ranges: [range],
                why: (isCertain
                    ? "\(range) would have an owner but could not be used: \(why). No driver can bind (EBUSY)"
                    : "\(range) may get an owner but be unusable: \(why). No driver can then bind (EBUSY)"),
                fix: isStuck
                    ? "reboot: leaked memory can't be taken offline"
                    : advice(over: range, lines)
                        ?? (start.models.contains { $0.constants.generation == .allOrNothing }
                            ? "give an existing region to CXL alone (unbind-hmem, then bind-region)"
                            : "load dax_hmem again: on a later load CXL owns what its region covers")
                        + Self.anyway(.unbindable)
            )
        }
    }
}

extension KernelModel {
    /// The bytes of dax devices that no driver can reserve.
    var blockedRanges: [AddressRange] {
        let obstacles = Obstacles(in: self)
        return claims.flatMap(\.ranges).filter(obstacles.block)
    }
}

/// The committed ram regions of some models.
private struct ReturningRegions {
    private let regions: [ModelRegion]
    private let index: RangeIndex

    init(in models: [KernelModel]) {
        regions = models.flatMap(\.regions).filter { $0.isPresent && $0.isCommitted && $0.mode == "ram" }
        index = RangeIndex(regions.map(\.range))
    }

    /// The first, in the order of the models, that shares a byte with `range`.
    func first(over range: AddressRange) -> ModelRegion? { index.places(overlapping: range).first.map { regions[$0] } }
}

/// Bytes that no decoder answers for, under devices that no driver can bind to: who gives them up loses nothing.
private struct DeadBytes {
    private let models: [(undecoded: RangeIndex, blocked: RangeIndex)]

    init(in models: [KernelModel]) {
        self.models = models.map { (RangeIndex($0.undecoded), RangeIndex($0.blockedRanges)) }
    }

    /// Whether all of `range` is such bytes in every model.
    func hold(_ range: AddressRange) -> Bool {
        models.allSatisfy { $0.undecoded.remainder(of: range).isEmpty && $0.blocked.hasContainer(of: range) }
    }
}
