import Iomem
import Machine

extension ProofScenario {
    /// The memory and what firmware programmed over it.
    var words: String {
        placement == .outside ? placement.rawValue : "\(placement.rawValue), \(cover.rawValue)"
    }
}

extension ProofState {
    /// How the machine is, for people.
    var words: String {
        let modules = Self.modules.filter(world.loaded.contains)
        let held = world.isHeld ? ", cxl_acpi held out" : ""
        let asks = world.generation == .coordinated || world.generation == .unfixed
        let probe =
            asks && scenario.placement != .outside
            ? ["initial probe \(world.probeIsPending ? "pending" : "done")"] : []
        let facts = ["\(modules.isEmpty ? "no module" : modules.joined(separator: ", ")) loaded\(held)"] + probe
        return (facts + scenario.cells.map(sentence).runs()).joined(separator: "; ")
    }

    /// Who owns a cell, and what it is used for.
    private func sentence(_ cell: AddressRange) -> (AddressRange, String) {
        let owner = world.owner(of: cell)
        var words = owner == .none ? "nobody's" : owner == .both ? "of hmem and cxl" : "\(owner.rawValue)'s"
        if world.claims.contains(where: { $0.overlaps(cell) && $0.driver == "kmem" }) { words += ", bound to kmem" }
        if world.onlineBlocks.contains(where: cell.overlaps) { words += ", online" }
        if world.leaked.contains(where: cell.overlaps) { words += ", leaked" }
        if world.undecoded.contains(where: cell.overlaps) { words += ", not decoded" }
        return (cell, words)
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
