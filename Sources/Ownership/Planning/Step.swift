package import Iomem
import Machine
internal import Machine

/// One thing that a policy or a prediction asks for, or that a plan needs besides.
package enum Step: Hashable, Sendable {
    /// Load a module as modprobe would: dependencies, soft dependencies, what the kernel then requests.
    /// While a hold is in place: the hard dependencies and the module alone.
    case load(String)
    /// Remove that one module and nothing else.
    case unload(String)
    /// Keep `cxl_acpi` from being loaded.
    case hold
    /// Let `cxl_acpi` be loaded again.
    case release
    /// Take the memory blocks of these bytes offline, all or none, and kmem off their device.
    ///
    /// Named by address, since a device's name changes when its driver is loaded again.
    case offlineMemory(AddressRange)
    /// Put these bytes to the use that they had.
    case restoreUse(AddressRange, MemoryUse)
    /// Unbind dax_hmem from the `hmem.N` over these bytes: their dax devices go, and nobody owns them.
    case unbindHmem(AddressRange)
    /// Bind dax_hmem to the `hmem.N` over these bytes again.
    case bindHmem(AddressRange)
    /// Have dax_cxl take the region over just these bytes; without a dax region, the region is bound again first.
    case bindRegion(AddressRange)
    /// Give these bytes of a dax region a dax device of their own: the device that has them ends before them.
    case splitDevice(AddressRange)
    /// Create the region that had this name again, over the bytes that it had (`RegionLayout`). The kernel gives names again, so
    /// a plan has the bytes besides; nil as a person writes it.
    case restoreRegion(String, AddressRange? = nil)

    /// What a step does; the raw value is its word in documents and policies.
    package enum Verb: String, Sendable, CaseIterable {
        case load
        case unload
        case hold
        case release
        case offlineMemory = "offline-memory"
        case restoreUse = "restore-use"
        case unbindHmem = "unbind-hmem"
        case bindHmem = "bind-hmem"
        case bindRegion = "bind-region"
        case splitDevice = "split-device"
        case restoreRegion = "restore-region"
    }

    /// What it does.
    package var verb: Verb {
        switch self {
        case .load: .load
        case .unload: .unload
        case .hold: .hold
        case .release: .release
        case .offlineMemory: .offlineMemory
        case .restoreUse: .restoreUse
        case .unbindHmem: .unbindHmem
        case .bindHmem: .bindHmem
        case .bindRegion: .bindRegion
        case .splitDevice: .splitDevice
        case .restoreRegion: .restoreRegion
        }
    }

    /// The step of `verb` about these things; nil unless they are just what the verb takes.
    package init?(_ verb: Verb, module: String?, range: AddressRange?, use: MemoryUse?, region: String? = nil) {
        if let region {
            guard verb == .restoreRegion, module == nil, use == nil else { return nil }
            self = .restoreRegion(region, range)
            return
        }
        switch (verb, module, range, use) {
        case (.load, let module?, nil, nil): self = .load(module)
        case (.unload, let module?, nil, nil): self = .unload(module)
        case (.hold, nil, nil, nil): self = .hold
        case (.release, nil, nil, nil): self = .release
        case (.offlineMemory, nil, let range?, nil): self = .offlineMemory(range)
        case (.restoreUse, nil, let range?, let use?): self = .restoreUse(range, use)
        case (.unbindHmem, nil, let range?, nil): self = .unbindHmem(range)
        case (.bindHmem, nil, let range?, nil): self = .bindHmem(range)
        case (.bindRegion, nil, let range?, nil): self = .bindRegion(range)
        case (.splitDevice, nil, let range?, nil): self = .splitDevice(range)
        default: return nil
        }
    }

    /// The module it loads or removes.
    package var module: String? {
        switch self {
        case .load(let module), .unload(let module): module
        case .hold, .release, .offlineMemory, .restoreUse, .unbindHmem, .bindHmem, .bindRegion, .splitDevice,
            .restoreRegion:
            nil
        }
    }

    /// The bytes that it is about, for a step that is about some.
    package var range: AddressRange? {
        switch self {
        case .offlineMemory(let range), .restoreUse(let range, _), .unbindHmem(let range), .bindHmem(let range),
            .bindRegion(let range), .splitDevice(let range):
            range
        case .restoreRegion(_, let range): range
        case .load, .unload, .hold, .release: nil
        }
    }

    /// The region that it makes, by the name that it had.
    package var region: String? {
        if case .restoreRegion(let name, _) = self { name } else { nil }
    }

    /// The use that it restores.
    package var use: MemoryUse? {
        if case .restoreUse(_, let use) = self { use } else { nil }
    }

    /// The modules that a step can name.
    package static let modules = ModuleTable.switched

    /// Those of them that udev loads for any new dax device, at its own time.
    static let anytime: Set<String> = ["kmem", "device_dax"]

    /// Reads `load:MODULE`, `unload:MODULE` (`-` counts as `_`), `hold`, `release`, `restore-region:NAME`,
    /// `restore-use:START-END=USE`,
    /// and `offline-memory`, `unbind-hmem`, `bind-hmem`, `bind-region` or `split-device` with `:START-END`.
    ///
    /// - Throws: `StepError` with a sentence that names what is wrong and what would be right.
    package init(parsing text: String) throws(StepError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        switch (Verb(rawValue: String(parts[0])), parts.count) {
        case (.hold, 1): self = .hold
        case (.release, 1): self = .release
        case (.load, 2): self = .load(try Self.module(parts[1]))
        case (.unload, 2): self = .unload(try Self.module(parts[1]))
        case (.offlineMemory, 2): self = .offlineMemory(try Self.range(parts[1]))
        case (.unbindHmem, 2): self = .unbindHmem(try Self.range(parts[1]))
        case (.bindHmem, 2): self = .bindHmem(try Self.range(parts[1]))
        case (.bindRegion, 2): self = .bindRegion(try Self.range(parts[1]))
        case (.splitDevice, 2): self = .splitDevice(try Self.range(parts[1]))
        case (.restoreRegion, 2):
            guard Region.isName(parts[1], digitsAtMost: 9)
            else {
                throw StepError(
                    message: "'\(text)' is not a step: write restore-region:NAME, for example restore-region:region0"
                )
            }
            self = .restoreRegion(String(parts[1]))
        case (.restoreUse, 2):
            let words = parts[1].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard words.count == 2, let use = MemoryUse(parsing: words[1]) else {
                throw StepError(
                    message: "'\(text)' is not a step: write restore-use:START-END= and system-ram/movable, "
                        + "system-ram/kernel, system-ram/automatic, "
                        + "system-ram/offline, devdax, famfs or idle"
                )
            }
            self = .restoreUse(try Self.range(words[0]), use)
        case (.restoreRegion, _):
            throw StepError(
                message: "'\(text)' is not a step: write restore-region:NAME, for example restore-region:region0"
            )
        default:
            throw StepError(message: "'\(text)' is not a step: write load:MODULE, unload:MODULE, hold or release")
        }
    }

    private static func module(_ text: Substring) throws(StepError) -> String {
        let module = underscored(text)
        guard modules.contains(module) else {
            throw StepError(
                message:
                    "'\(text)' is not a module that daxswitch handles: use one of \(modules.joined(separator: ", "))"
            )
        }
        return module
    }

    private static func range(_ text: Substring) throws(StepError) -> AddressRange {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { parseAddress($0) }
        guard ends.count == 2, let start = ends[0], let end = ends[1], let range = AddressRange(start: start, end: end)
        else { throw StepError(message: "'\(text)' is not an address range: write 0xSTART-0xEND, both inclusive") }
        return range
    }
}

extension Step: CustomStringConvertible {
    /// As policies write it: `unload:dax_cxl`.
    package var description: String {
        let subject = module ?? region ?? range.map { range in use.map { "\(range)=\($0)" } ?? "\(range)" }
        return subject.map { "\(verb.rawValue):\($0)" } ?? verb.rawValue
    }
}

/// A text that is not a step.
package struct StepError: Error, Sendable, Equatable {
    /// What is wrong and what would be right.
    package let message: String
}

extension Step {
    /// It loads a driver of CXL, which does nothing on a host without CXL.
    var loadsCxl: Bool {
        guard case .load(let module) = self else { return false }
        return module.hasPrefix("cxl_") || module == "dax_cxl"
    }
}
