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

    /// The lines, in O(n log n) for n of them.
    func lines() -> [PredictedLine] {
        let ofModels = models.map(lines)
        let sets = ofModels.map(Set.init)
        var known: Set<PredictedLine> = []
        var all: [PredictedLine] = []
        for line in ofModels.joined()
        where known.insert(PredictedLine(range: line.range, name: line.name, isCertain: true)).inserted {
            let isCertain = line.isCertain && sets.allSatisfy { $0.contains(line) }
            all.append(PredictedLine(range: line.range, name: line.name, isCertain: isCertain))
        }
        return all.sorted { left, right in
            left.range != right.range ? left.range < right.range : Self.depth(left.name) < Self.depth(right.name)
        }
    }

    private func lines(_ model: KernelModel) -> [PredictedLine] {
        var lines: [PredictedLine] = []
        let obstacles = Obstacles(in: model)
        func add(_ range: AddressRange, _ name: String, isCertain: Bool = true) {
            guard ranges.overlaps(range), !unknown.contains(range) else { return }
            lines.append(PredictedLine(range: range, name: name, isCertain: isCertain))
        }
        func addMemory(_ range: AddressRange, isCertain: Bool) {
            add(range, "daxN.M", isCertain: isCertain)
            add(range, "System RAM (kmem)", isCertain: isCertain)
        }
        if model.windowsAreLive { model.constants.windows.forEach { add($0, "CXL Window N") } }
        model.constants.hmemLines.uniqued().forEach { add($0, "hmem.N") }
        for region in model.regions where region.isPresent && region.hasLine { add(region.range, "regionN") }
        if model.constants.generation == .allOrNothing {
            model.softReservedLines.uniqued().forEach { add($0, "Soft Reserved") }
        } else if model.constants.showsSoftReserved {
            model.constants.softReservedLines.uniqued().forEach { add($0, "Soft Reserved") }
        }
        for claim in model.claims {
            guard let driver = claim.driver else {
                // udev may load kmem for a new device; a person can give device_dax the name of any.
                if claim.isPut { continue }
                let isNew = claim.device == nil
                guard isNew || model.has("device_dax"), !claim.ranges.contains(where: obstacles.block) else { continue }
                claim.ranges.forEach { add($0, "daxN.M", isCertain: false) }
                if isNew {
                    claim.ranges.compactMap(model.constants.memoryBlocks).forEach { addMemory($0, isCertain: false) }
                }
                continue
            }
            let isCertain = claim.isPut || claim.device != nil || !model.has("device_dax")
            if driver == "kmem" {
                claim.ranges.compactMap(model.constants.memoryBlocks).forEach { addMemory($0, isCertain: isCertain) }
            } else {
                claim.ranges.forEach { add($0, "daxN.M", isCertain: isCertain) }
            }
        }
        for leak in model.leaked { addMemory(leak, isCertain: true) }
        return lines
    }

    private static func depth(_ name: String) -> Int {
        ["CXL Window N", "hmem.N", "regionN", "Soft Reserved", "daxN.M", "System RAM (kmem)"].firstIndex(of: name) ?? 9
    }
}

/// The name of a resource without the numbers that the kernel assigns; nil for a resource that the model does not have.
func modelName(_ name: String) -> String? {
    if name == "Soft Reserved" || name == "System RAM (kmem)" { return name }
    if name.hasPrefix("CXL Window ") { return "CXL Window N" }
    if name.hasPrefix("hmem."), name.utf8.count > 5, name.dropFirst(5).allSatisfy(\.isNumber) { return "hmem.N" }
    if name.hasPrefix("region"), name.dropFirst(6).allSatisfy(\.isNumber) { return "regionN" }
    if name.hasPrefix("dax"), name.contains("."), name.dropFirst(3).allSatisfy({ $0.isNumber || $0 == "." }) {
        return "daxN.M"
    }
    return nil
}
