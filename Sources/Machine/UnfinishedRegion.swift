internal import Iomem

/// A region that a step has begun to create and not finished.
package struct UnfinishedRegion: Sendable, Equatable {
    /// A decoder that the step gives bytes of its memory device.
    package struct Part: Sendable, Equatable {
        /// The memory device.
        package var device: MemdevIdentity
        /// `Decoder.number`.
        package var decoder: Int
        /// The bytes that it gets.
        package var size: UInt64

        /// A decoder of a memory device.
        package init(device: MemdevIdentity, decoder: Int, size: UInt64) {
            self.device = device
            self.decoder = decoder
            self.size = size
        }
    }

    /// The name that the kernel gives it: `region0`.
    package var name: String
    /// Its decoders by position.
    package var parts: [Part]

    /// A region that is being created.
    package init(name: String, parts: [Part]) {
        self.name = name
        self.parts = parts
    }
}

extension Decoder {
    /// Its place among the decoders of its port: 1 of `decoder3.1`. The number of the port changes with each load of a driver.
    package var number: Int? { name.split(separator: ".").last.flatMap { Int($0) } }
}

extension MachineState {
    /// `region`, if there is something left of it: itself, or bytes of memory devices with its decoders.
    package func leftOver(of region: UnfinishedRegion) -> UnfinishedRegion? {
        let isThere = regions.contains { $0.name == region.name && !$0.committed }
        return isThere || !decoders(takenFor: region).isEmpty ? region : nil
    }

    /// The decoders without a region that have bytes of a memory device for `region`. One that has other bytes than it was to get
    /// is somebody else's, as of `cxl reserve-dpa`.
    package func decoders(takenFor region: UnfinishedRegion) -> [Decoder] {
        decoders.filter { decoder in
            guard decoder.isReserving, decoder.locked != true, decoder.memdev != nil, let bytes = decoder.dpa else {
                return false
            }
            return region.parts.contains {
                $0.decoder == decoder.number && $0.size == bytes.size && memdev($0.device)?.name == decoder.memdev
            }
        }
    }

    /// The last decoder that has bytes of a memory device behind those that `region` has taken, which it can't give back before that
    /// one has; nil without such a decoder.
    ///
    /// The kernel frees those of the highest decoder of a port alone (drivers/cxl/core/hdm.c: cxl_dpa_free()).
    package func decoder(behind region: UnfinishedRegion) -> Decoder? {
        let ours = decoders(takenFor: region)
        return decoders.last { decoder in
            guard decoder.kind == .endpoint, decoder.dpa != nil, let number = decoder.number, !ours.contains(decoder)
            else { return false }
            return ours.contains { $0.memdev == decoder.memdev && $0.number.map { $0 < number } == true }
        }
    }

    /// This machine once `region`, which is not committed, is deleted. Its decoders still have their bytes.
    package func deleting(_ region: UnfinishedRegion) -> MachineState {
        var cleared = self
        cleared.regions.removeAll { $0.name == region.name && !$0.committed }
        for place in decoders.indices where decoders[place].region == region.name {
            (cleared.decoders[place].region, cleared.decoders[place].range) = (nil, nil)
        }
        return cleared
    }

    /// This machine once the decoders of `region` have no bytes.
    package func givingBack(_ region: UnfinishedRegion) -> MachineState {
        var cleared = self
        let taken = Set(decoders(takenFor: region).map(\.name))
        for place in decoders.indices where taken.contains(decoders[place].name) { cleared.decoders[place].dpa = nil }
        cleared.unfinishedRegion = nil
        return cleared
    }
}
