import Iomem
import Machine

/// The lines that `/proc/iomem` will have in and around some ranges.
///
/// Names that carry a number nobody chooses are written with a letter: `CXL Window N`, `hmem.N`, `regionN`, `daxN.M`.
struct IomemModel {
    private let models: [KernelModel]
    private let ranges: RangeIndex
    private let unknown: Set<AddressRange>

    /// - Parameter ranges: Lines that meet none of these are left out.
    /// - Parameter unknown: Bytes with unknown edges: a line over them would say too much.
    init(models: [KernelModel], ranges: [AddressRange], unknown: [AddressRange]) {
        self.models = models
        self.ranges = RangeIndex(ranges)
        self.unknown = Set(unknown)
    }

    /// A line of a model.
    private struct Line {
        /// What it is; the raw value says how deep it lies among lines over the same bytes.
        enum Kind: Int, CaseIterable {
            case window, hmem, region, softReserved, dax, kmem

            var name: String {
                switch self {
                case .window: "CXL Window N"
                case .hmem: "hmem.N"
                case .region: "regionN"
                case .softReserved: "Soft Reserved"
                case .dax: "daxN.M"
                case .kmem: "System RAM (kmem)"
                }
            }
        }

        let range: AddressRange
        let kind: Kind
        let isCertain: Bool
        /// The place of the model, and that of the line among all lines of models.
        let model: Int
        let place: Int

        func isSame(as other: Line) -> Bool { range == other.range && kind == other.kind }

        static func precedes(_ left: Line, _ right: Line) -> Bool {
            if left.range != right.range { return left.range < right.range }
            return left.kind != right.kind ? left.kind.rawValue < right.kind.rawValue : left.place < right.place
        }
    }

    /// The lines, in O(n log n) for n of them.
    func lines() -> [PredictedLine] {
        var all: [Line] = []
        for place in models.indices { addLines(of: place, to: &all) }
        all.sort(by: Line.precedes)
        var result: [PredictedLine] = []
        result.reserveCapacity(all.count)
        var next = all.startIndex
        while next < all.endIndex {
            let first = all[next]
            // How many models have it for certain: those of one model are neighbours.
            var (count, last) = (0, -1)
            while next < all.endIndex, all[next].isSame(as: first) {
                if all[next].isCertain, all[next].model != last { (count, last) = (count + 1, all[next].model) }
                next += 1
            }
            let isCertain = first.isCertain && count == models.count
            result.append(PredictedLine(range: first.range, name: first.kind.name, isCertain: isCertain))
        }
        return result
    }

    private func addLines(of place: Int, to lines: inout [Line]) {
        let model = models[place]
        let obstacles = Obstacles(in: model)
        let memoryBlocks = model.constants.memoryBlocks
        func add(_ range: AddressRange, _ kind: Line.Kind, isCertain: Bool = true) {
            guard ranges.overlaps(range), !unknown.contains(range) else { return }
            lines.append(Line(range: range, kind: kind, isCertain: isCertain, model: place, place: lines.count))
        }
        func addMemory(_ range: AddressRange, isCertain: Bool) {
            add(range, .dax, isCertain: isCertain)
            add(range, .kmem, isCertain: isCertain)
        }
        if model.windowsAreLive { model.constants.windows.forEach { add($0, .window) } }
        model.constants.hmemLines.uniqued().forEach { add($0, .hmem) }
        for region in model.regions where region.isPresent && region.hasLine { add(region.range, .region) }
        if model.constants.generation == .allOrNothing {
            model.softReservedLines.uniqued().forEach { add($0, .softReserved) }
        } else if model.constants.showsSoftReserved {
            model.constants.softReservedLines.uniqued().forEach { add($0, .softReserved) }
        }
        for claim in model.claims {
            guard let driver = claim.driver else {
                // udev may load kmem for a new device; a person can give device_dax the name of any.
                if claim.isPut { continue }
                let isNew = claim.device == nil
                guard isNew || model.has("device_dax"), !claim.ranges.contains(where: obstacles.block) else { continue }
                claim.ranges.forEach { add($0, .dax, isCertain: false) }
                if isNew {
                    claim.ranges.compactMap(memoryBlocks).forEach { addMemory($0, isCertain: false) }
                }
                continue
            }
            let isCertain = claim.isPut || claim.device != nil || !model.has("device_dax")
            if driver == "kmem" {
                claim.ranges.compactMap(memoryBlocks).forEach { addMemory($0, isCertain: isCertain) }
            } else {
                claim.ranges.forEach { add($0, .dax, isCertain: isCertain) }
            }
        }
        for leak in model.leaked { addMemory(leak, isCertain: true) }
    }
}

/// The name of a resource without the numbers that the kernel assigns; nil for a resource that the model does not have.
func modelName(_ name: String) -> String? {
    if name == "Soft Reserved" || name == "System RAM (kmem)" { return name }
    // There are as many names as lines: they are compared byte by byte.
    let bytes = name.utf8
    let isDigit = { (byte: UInt8) in UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
    switch bytes.first {
    case UInt8(ascii: "C") where bytes.starts(with: "CXL Window ".utf8): return "CXL Window N"
    case UInt8(ascii: "h") where bytes.starts(with: "hmem.".utf8):
        return bytes.count > 5 && bytes.dropFirst(5).allSatisfy(isDigit) ? "hmem.N" : nil
    case UInt8(ascii: "r") where bytes.starts(with: "region".utf8):
        return bytes.dropFirst(6).allSatisfy(isDigit) ? "regionN" : nil
    case UInt8(ascii: "d") where bytes.starts(with: "dax".utf8):
        let rest = bytes.dropFirst(3)
        let isDot = { (byte: UInt8) in byte == UInt8(ascii: ".") }
        return rest.contains(where: isDot) && rest.allSatisfy { isDigit($0) || isDot($0) } ? "daxN.M" : nil
    default: return nil
    }
}
