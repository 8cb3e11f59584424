import Machine

/// What the bytes of a dax device are put to: the use that a range had before its driver went, to be restored.
package enum MemoryUse: Hashable, Sendable {
    /// kmem is bound, and the memory blocks are online in a zone, or offline.
    case systemRAM(OnlineZone)
    /// `device_dax` is bound: a character device.
    case devdax
    /// `fsdev_dax` is bound: a device for the file system famfs (7.2 on).
    case famfs
    /// No driver is bound.
    case idle

    /// How memory goes online; the raw value is the word in documents.
    package enum OnlineZone: String, Sendable, CaseIterable {
        /// ZONE_MOVABLE: what is in it can be migrated, so it can go offline again.
        case movable
        /// A zone that the kernel itself allocates from.
        case kernel
        /// Whichever the kernel chooses: the zone it had is not known.
        case automatic
        /// In none: kmem has the memory, and its blocks are offline.
        case offline

        /// The zone that a block's `valid_zones` names (drivers/base/memory.c: valid_zones_show()).
        package init(named zone: String?) {
            self = zone.map { $0 == "Movable" ? .movable : .kernel } ?? .automatic
        }
    }

    /// The state that memory in this use shows.
    package var state: MemoryState {
        switch self {
        case .systemRAM: .systemRAM
        case .devdax: .devdax
        case .famfs: .famfs
        case .idle: .idle
        }
    }

    /// The driver that a dax device in this use has.
    package var driver: String? {
        switch self {
        case .systemRAM: "kmem"
        case .devdax: "device_dax"
        case .famfs: "fsdev_dax"
        case .idle: nil
        }
    }

    /// The zone of memory that is online.
    package var zone: OnlineZone? {
        if case .systemRAM(let zone) = self { zone } else { nil }
    }

    /// Reads `system-ram/movable`, `system-ram/kernel`, `system-ram/automatic`, `system-ram/offline`, `devdax`,
    /// `famfs` or `idle`; nil for anything else.
    init?(parsing text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let state = MemoryState(rawValue: String(parts[0])) else { return nil }
        guard parts.count == 2 else {
            self.init(state, zone: nil)
            return
        }
        guard let zone = OnlineZone(rawValue: String(parts[1])) else { return nil }
        self.init(state, zone: zone)
    }

    /// The use of memory in `state`; nil unless it has a zone just if it is system RAM, or if no step restores that state.
    package init?(_ state: MemoryState, zone: OnlineZone?) {
        switch (state, zone) {
        case (.systemRAM, let zone?): self = .systemRAM(zone)
        case (.devdax, nil): self = .devdax
        case (.famfs, nil): self = .famfs
        case (.idle, nil): self = .idle
        default: return nil
        }
    }
}

extension MemoryUse: CustomStringConvertible {
    /// `system-ram/movable`.
    package var description: String { zone.map { "\(state.rawValue)/\($0.rawValue)" } ?? state.rawValue }
}
