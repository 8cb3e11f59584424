import Machine
import Map

/// What a cell of the map shows: a letter, a colour, and a few words for the legend, in the order of the legend.
enum MapSymbol: CaseIterable {
    case cxl, hmem, both, none, kernel, region, several, unknown, uncertain, empty

    /// What has the bytes of `segment`, now or after the steps; nil for addresses that are left out.
    init?(_ segment: MemoryMap.Segment, after: Bool) {
        if after, let owners = segment.after, let owner = owners.first {
            if owners.count == 1 {
                self.init(owner)
            } else {
                self = segment.count > 1 ? .several : .uncertain
            }
            return
        }
        switch segment.holder {
        case .owner(let owner): self.init(owner)
        case .unknown: self = .unknown
        case .kernel: self = .kernel
        case .region: self = .region
        case .empty: self = .empty
        case .several: self = .several
        case .gap: return nil
        }
    }

    private init(_ owner: Owner) {
        switch owner {
        case .cxl: self = .cxl
        case .hmem: self = .hmem
        case .both: self = .both
        case .none: self = .none
        }
    }

    /// It in the first cell of its bytes.
    var letter: String {
        switch self {
        case .cxl: "C"
        case .hmem: "H"
        case .both: "B"
        case .none: "N"
        case .kernel: "K"
        case .region: "R"
        case .several: "+"
        case .unknown, .uncertain: "?"
        case .empty: "."
        }
    }

    /// What the legend says of it.
    var meaning: String {
        switch self {
        case .cxl: "cxl (CXL drivers)"
        case .hmem: "hmem (dax_hmem)"
        case .both: "both (two devices)"
        case .none: "none (no owner)"
        case .kernel: "the kernel's System RAM"
        case .region: "region, not ram"
        case .several: "several, too small to show"
        case .unknown: "not known"
        case .uncertain: "not certain"
        case .empty: "no memory"
        }
    }

    /// The SGR numbers of its colours, of the eight that every terminal has.
    ///
    /// Blue and yellow tell the owners apart for people who don't see red and green as two; the letter tells them as well.
    var colours: String {
        switch self {
        case .cxl: "97;44"
        case .hmem: "30;43"
        case .both: "97;45"
        case .none: "97;41"
        case .kernel: "30;47"
        case .region: "30;46"
        case .several, .unknown, .uncertain: "7"
        case .empty: "2"
        }
    }

    /// Its class in a picture.
    var name: String { "\(self)" }
}
