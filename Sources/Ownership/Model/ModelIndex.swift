import Iomem
import Machine

/// A model that is asked about many ranges: it is sorted once, in O(n log n), and each question then takes O(log n).
///
/// A class: a copy for each question would count the references of all its members.
final class ModelIndex: Sendable {
    /// The model itself.
    let model: KernelModel
    private let claims: HolderIndex
    private let decisions: RangeIndex
    private let regions: RangeIndex
    private let committed: RangeIndex
    private let units: RangeIndex

    /// The index of `model`.
    init(_ model: KernelModel) {
        self.model = model
        claims = HolderIndex(model.claims.map(\.ranges))
        decisions = RangeIndex(model.decisions.ranges)
        regions = RangeIndex(model.regions.map(\.range))
        committed = RangeIndex(
            model.regions.filter { $0.hasItsBytes && $0.mode == "ram" }.map(\.range)
        )
        units = RangeIndex(model.constants.ranges)
    }

    /// What the first device over `range` hangs below, in the order of the model.
    func through(_ range: AddressRange) -> String? { claims.first(overlapping: range).map { model.claims[$0].through } }

    /// Who has a dax device over bytes that no edge cuts.
    func owner(of range: AddressRange) -> Owner {
        let places = claims.places(overlapping: range)
        guard let first = places.first else { return .none }
        let owner = model.claims[first].owner
        return places.allSatisfy { model.claims[$0].owner == owner } ? owner : .both
    }

    /// Whether a committed ram region, or one that will be again with the memory devices' drivers, shares a byte with `range`.
    func isCoveredByRegion(_ range: AddressRange) -> Bool { committed.overlaps(range) }

    /// The rules and the words behind the owner of `range`.
    func reason(for range: AddressRange) -> Decision {
        let over = claims.places(overlapping: range)
        let decided = newestDecision(about: range)
        if over.count > 1 {
            return Decision(
                rules: [Rule.bothClaim.id],
                why: over.map { model.claims[$0].through }.joined(separator: " and ")
                    + " both have a device over the bytes"
            )
        }
        if let place = over.first, model.claims[place].owner == .cxl {
            let claim = model.claims[place]
            return Decision(
                rules: (decided?.rules ?? []).filter { $0 != Rule.noDriver.id } + [Rule.cxlClaimsRegion.id],
                // A region that is not there yet is named by its range.
                why: claim.through.hasSuffix(claim.ranges.words)
                    ? "dax_cxl owns the \(claim.through)" : "dax_cxl owns \(claim.through) (\(claim.ranges.words))"
            )
        }
        if let decided { return decided }
        if !over.isEmpty {
            return Decision(rules: [hmemRule(range).id], why: "dax_hmem already owns it, and no step changes that")
        }
        return undecided(range)
    }

    /// Why `range` has no owner if no driver decided about it.
    private func undecided(_ range: AddressRange) -> Decision {
        let constants = model.constants
        if !model.has("dax_hmem") && !model.has("dax_cxl") {
            return Decision(rules: [Rule.noDriver.id], why: "neither dax_hmem nor dax_cxl is loaded")
        }
        if constants.hmemIsDisabled {
            return Decision(
                rules: [Rule.hmemDisabled.id] + (constants.generation == .hmemOnly ? [] : [Rule.noRegion.id]),
                why: "device_hmem.disable is set, so dax_hmem has no range"
                    + (constants.generation == .hmemOnly ? "" : ", and no assembled region covers it")
            )
        }
        if !units.overlaps(range), !regions.overlaps(range) {
            let canBeMixed = constants.showsSoftReserved
            return Decision(
                rules: [Rule.proximityRanges.id] + (canBeMixed ? [Rule.mixedRange.id] : []),
                why: "\(range) is in no HMEM range"
                    + (canBeMixed ? ", or its SRAT range also covers other memory" : "")
            )
        }
        if constants.modules.isMissing("dax_cxl"), regions.overlaps(range) {
            return Decision(rules: [Rule.noRegion.id], why: "this kernel has no dax_cxl, and dax_hmem left it to CXL")
        }
        return Decision(rules: [Rule.noRegion.id], why: "no assembled region covers it, and dax_hmem left it to CXL")
    }

    /// The smallest is the newest.
    private func newestDecision(about range: AddressRange) -> Decision? {
        let places = decisions.places(overlapping: range)
        let newest =
            places.count < 2
            ? places.first : places.min { model.decisions.ranges[$0].size < model.decisions.ranges[$1].size }
        return newest.map { model.decisions.decisions[$0] }
    }

    private func hmemRule(_ range: AddressRange) -> Rule {
        let constants = model.constants
        if constants.generation == .hmemOnly { return .hmemOwnsAll }
        guard constants.meetsWindow(range) else { return .outsideWindows }
        if model.windowsAreLive && model.mode == .register { return .allOrNothingHmem }
        // Without an initial probe, what dax_hmem holds in a window met none when it was taken.
        let probes = Rule.initialProbeHmem.holds(for: constants.generation)
        return model.windowsAreLive && probes ? .initialProbeHmem : .noWindow
    }
}

extension Owner {
    /// The owner of bytes that these devices have.
    static func of(_ claims: [DaxClaim]) -> Owner {
        guard let first = claims.first?.owner else { return .none }
        return claims.allSatisfy { $0.owner == first } ? first : .both
    }
}
