import Iomem
import Machine

extension ProofState {
    /// How the machine is, for people.
    var words: String {
        let modules = Self.modules.filter(model.loaded.contains)
        let held = model.isHeld ? ", cxl_acpi held out" : ""
        let asks = model.constants.asksForCxl
        let probe =
            asks && scenario.placement != .outside
            ? ["initial probe \(model.probeIsPending ? "pending" : "done")"] : []
        let facts = ["\(modules.isEmpty ? "no module" : modules.joined(separator: ", ")) loaded\(held)"] + probe
        return (facts + scenario.blocks.map(sentence).runs()).joined(separator: "; ")
    }

    /// Who owns a memory block, and what it is used for.
    private func sentence(_ block: AddressRange) -> (AddressRange, String) {
        let owner = model.owner(of: block)
        var words = owner == .none ? "nobody's" : owner == .both ? "of hmem and cxl" : "\(owner.rawValue)'s"
        if model.claims.contains(where: { $0.overlaps(block) && $0.driver == "kmem" }) { words += ", bound to kmem" }
        if model.onlineBlocks.contains(where: block.overlaps) { words += ", online" }
        if model.leaked.contains(where: block.overlaps) { words += ", leaked" }
        if model.undecoded.contains(where: block.overlaps) { words += ", not decoded" }
        return (block, words)
    }
}

extension [(AddressRange, String)] {
    /// Neighbours of which the same is to be said, said once.
    fileprivate func runs() -> [String] {
        var runs: [(range: AddressRange, words: String)] = []
        for (range, words) in self {
            if let last = runs.last, last.words == words, last.range.end &+ 1 == range.start,
                let joined = AddressRange(start: last.range.start, end: range.end)
            {
                runs[runs.count - 1].range = joined
            } else {
                runs.append((range, words))
            }
        }
        return runs.map { "\($0.range) is \($0.words)" }
    }
}
