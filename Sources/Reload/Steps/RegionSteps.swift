import Glibc
import Inspection
import Iomem
import LinuxSystem
import Machine
import Ownership

/// Making a region again that is gone: the writes of `cxl create-region`, in the order that the kernel needs, each compared
/// with what the kernel made of it. What is begun and can't be finished is deleted.
struct RegionSteps {
    let surfaces: Surfaces
    let settling: Settling

    private var writer: MemoryWriter {
        MemoryWriter(surfaces: surfaces, deadlines: settling.deadlines, isInterruptible: false)
    }

    /// Makes the region that had `name` over the bytes that it had, and binds its driver.
    ///
    /// That it is being made is written down before, with the name that it gets and the decoders that it takes: a run that is
    /// killed leaves it to be deleted by the next one.
    /// - Throws: `ReloadError` `.stepFailed` where the kernel places it elsewhere or refuses a value; no region is there then.
    func restore(_ name: String, _ range: AddressRange? = nil, on machine: MachineState) throws(ReloadError) {
        guard let layout = machine.layoutToRestore(name, range) else {
            throw ReloadError(.stepFailed, "no region \(name) is known that was committed in this boot")
        }
        if let region = machine.regions.first(where: { $0.committed && $0.range == layout.range }) {
            // A run was cut off before its last write.
            try writer.write(region.name, to: .regionDriver(.bind), passing: [EBUSY])
            let facts = try keptFacts(machine)
            return facts.unfinishedRegion == nil ? () : try note(nil, in: facts)
        }
        guard let root = machine.rootDecoder(of: layout.range) else {
            throw ReloadError(.stepFailed, "no CXL window contains \(layout.range)")
        }
        let facts = try keptFacts(machine)
        let cleared = try deleting(facts.unfinishedRegion, on: machine)
        let parts = try parts(of: layout, on: cleared)
        let created = try create(below: root, parts, facts)
        var taken: [String] = []
        do {
            try make(created, layout, parts, &taken)
        } catch {
            if error.code == .hung { throw error }
            try giveUp(created, taken, below: root, after: error)
            try note(nil, in: facts)
            throw error
        }
        try note(nil, in: facts)
    }

    /// Deletes the region that a step has begun and not finished, and gives back the bytes of the memory devices that it had taken
    /// for it. Does nothing without one.
    func deleteUnfinished(on machine: MachineState) throws(ReloadError) {
        let facts = try keptFacts(machine)
        guard let unfinished = facts.unfinishedRegion else { return }
        _ = try deleting(unfinished, on: machine)
        try note(nil, in: facts)
    }

    /// How many names are tried. A name can be taken by another program between its reading and its use.
    private static let namesAtMost = 4

    /// Creates a region below the root decoder `root`, without any bytes, and returns its name.
    ///
    /// The name must be the one that the kernel shows for the next region. If another program has used it up by then, the kernel
    /// refuses it (EBUSY), and the next name is tried (drivers/cxl/core/region.c: __create_region()).
    private func create(
        below root: String,
        _ parts: [Part],
        _ facts: RememberedFacts
    ) throws(ReloadError) -> String {
        var name = try nextName(below: root)
        var tried = 1
        while true {
            try note(UnfinishedRegion(name: name, parts: parts.map(\.noted)), in: facts)
            // Until this write has succeeded, a region of that name is somebody else's.
            do {
                try writer.write(name, to: .createRegion(root))
                return name
            } catch {
                if error.code == .hung { throw error }
                try note(nil, in: facts)
                let next = try nextName(below: root)
                tried += 1
                if next == name || tried > Self.namesAtMost { throw error }
                name = next
            }
        }
    }

    private func nextName(below root: String) throws(ReloadError) -> String {
        guard let name = surfaces.memory.value(of: .createRegion(root)), Region.isName(name) else {
            throw ReloadError(.stepFailed, "\(MemoryAttribute.createRegion(root).path) has no region name")
        }
        return name
    }

    /// Writes down which region is begun and not finished.
    private func note(_ unfinished: UnfinishedRegion?, in facts: RememberedFacts) throws(ReloadError) {
        var facts = facts
        facts.unfinishedRegion = unfinished
        try surfaces.facts.keep(facts)
    }

    private func keptFacts(_ machine: MachineState) throws(ReloadError) -> RememberedFacts {
        guard let bootID = machine.kernel.bootID else {
            throw ReloadError(.stepFailed, "this boot has no id (/proc/sys/kernel/random/boot_id)")
        }
        return try surfaces.facts.kept(bootID: bootID)
            ?? RememberedFacts(bootID: bootID, sleeps: machine.sleeps, initialProbe: nil, decoders: nil)
    }

    /// A target with the decoder that is to be programmed for it.
    private struct Part {
        let decoder: String
        /// The bytes of the memory device that it had.
        let dpa: AddressRange
        /// What identifies the decoder.
        let noted: UnfinishedRegion.Part
    }

    /// The decoders by position. The kernel takes those of a device in their order (drivers/cxl/core/hdm.c: cxl_dpa_alloc()).
    private func parts(of layout: RegionLayout, on machine: MachineState) throws(ReloadError) -> [Part] {
        var parts: [Part] = []
        for target in layout.targets {
            guard let identity = target.device, let dpa = target.dpa, let device = machine.memdev(identity) else {
                throw ReloadError(
                    .stepFailed,
                    "a memory device of the region is missing",
                    cause: target.device.map { "\($0.function), serial \($0.serial)" }
                )
            }
            guard let decoder = machine.freeDecoder(of: device.name), let number = decoder.number else {
                throw ReloadError(.stepFailed, "\(device.name) has no free decoder")
            }
            let noted = UnfinishedRegion.Part(device: identity, decoder: number, size: dpa.size)
            parts.append(Part(decoder: decoder.name, dpa: dpa, noted: noted))
        }
        return parts
    }

    /// - Parameter taken: The decoders that have bytes of their devices by then.
    private func make(
        _ name: String,
        _ layout: RegionLayout,
        _ parts: [Part],
        _ taken: inout [String]
    ) throws(ReloadError) {
        let region = { (attribute: MemoryAttribute.OfRegion) in MemoryAttribute.region(name, attribute) }
        try writer.write("\(layout.granularity ?? 0)", to: region(.granularity))
        try writer.write("\(parts.count)", to: region(.ways))
        for part in parts {
            try writer.write("ram", to: .endpointDecoder(part.decoder, .mode))
            taken.append(part.decoder)
            try writer.write(hexadecimal(part.dpa.size), to: .endpointDecoder(part.decoder, .dpaSize))
            try compare(.endpointDecoder(part.decoder, .dpaResource), with: part.dpa.start)
        }
        try writer.write(hexadecimal(layout.range.size), to: region(.size))
        try compare(region(.resource), with: layout.range.start)
        for (position, part) in parts.enumerated() { try writer.write(part.decoder, to: region(.target(position))) }
        try writer.write("1", to: region(.commit))
        try writer.write(name, to: .regionDriver(.bind), passing: [EBUSY])
    }

    private func compare(_ attribute: MemoryAttribute, with expected: UInt64) throws(ReloadError) {
        let found = surfaces.memory.value(of: attribute)
        guard found.flatMap({ parseNumber($0) }) == expected else {
            throw ReloadError(
                .stepFailed,
                "the kernel placed the region elsewhere",
                cause: "\(attribute.path) is \(found ?? "missing"), not \(hexadecimal(expected))"
            )
        }
    }

    /// Deletes what was begun: the region from any state, then the bytes of the devices, which stay with their decoders.
    ///
    /// - Throws: what `error` says, with what could not be deleted.
    private func giveUp(
        _ name: String,
        _ taken: [String],
        below root: String,
        after error: ReloadError
    ) throws(ReloadError) {
        do {
            try writer.write(name, to: .deleteRegion(root), passing: [ENODEV, EINVAL])
            for decoder in taken.reversed() { try giveBack(decoder) }
        } catch let second {
            throw ReloadError(
                error.code,
                error.message,
                cause: [error.cause, "deleting the unfinished region \(name) failed: \(second)"].compactMap(\.self)
                    .joined(separator: "; ")
            )
        }
    }

    /// Takes the bytes of its device from a decoder, if it has some.
    private func giveBack(_ decoder: String) throws(ReloadError) {
        let attribute = MemoryAttribute.endpointDecoder(decoder, .dpaSize)
        let size = surfaces.memory.value(of: attribute).flatMap { parseNumber($0) } ?? 0
        if size != 0 { try writer.write("0", to: attribute) }
    }

    /// Deletes the region `unfinished` that an earlier run has begun, and gives back the bytes that its decoders have.
    ///
    /// - Returns: The machine without that.
    private func deleting(_ unfinished: UnfinishedRegion?, on machine: MachineState) throws(ReloadError) -> MachineState
    {
        guard let unfinished else { return machine }
        let name = unfinished.name
        // What is committed by now is in use, whoever has finished it.
        let commit = MemoryAttribute.region(name, .commit)
        var isBegun = false
        if machine.regions.contains(where: { $0.name == name && !$0.committed }) {
            // Without an answer it would be forgotten while it is there.
            guard let value = surfaces.memory.value(of: commit) else {
                throw ReloadError(.stepFailed, "\(commit.path) can't be read")
            }
            isBegun = value == "0"
        }
        if isBegun {
            for root in machine.decoders.filter({ $0.kind == .root }).map(\.name) {
                try writer.write(name, to: .deleteRegion(root), passing: [ENODEV, EINVAL])
            }
        }
        // Deleting it has taken the region from them, and left them their bytes.
        let left = isBegun ? machine.deleting(unfinished) : machine
        // The kernel takes bytes back from the last decoder of a device first (drivers/cxl/core/hdm.c: cxl_dpa_free()).
        for decoder in left.decoders(takenFor: unfinished).reversed() { try giveBack(decoder.name) }
        return left.givingBack(unfinished)
    }
}

extension MachineState {
    /// The decoder of the window around `range`.
    fileprivate func rootDecoder(of range: AddressRange) -> String? {
        decoders.first { $0.kind == .root && $0.range?.contains(range) == true }?.name
    }

    /// The first decoder of the memory device `name`, in the order of their numbers, that decodes nothing and has no bytes. A locked
    /// one still decodes in hardware what a region had that was deleted, and the kernel would program another beside it (7.3.4).
    fileprivate func freeDecoder(of name: String) -> Decoder? {
        decoders.first {
            $0.kind == .endpoint && $0.memdev == name && $0.range == nil && $0.region == nil && $0.dpa == nil
                && $0.locked != true
        }
    }
}
