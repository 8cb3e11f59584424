import Iomem
import Machine
import Ownership

/// The facts that a plan relies on, each as a digest, so that a saved plan is not carried out on another state.
struct Fingerprint: Equatable {
    /// `/proc/sys/kernel/random/boot_id`.
    var bootID: String?
    /// The kernel's release.
    var kernelRelease: String
    /// The digest of each fact, by its name.
    var digests: [String: String]

    /// The fingerprint of a machine.
    init(of machine: MachineState) {
        bootID = machine.kernel.bootID
        kernelRelease = machine.kernel.release
        digests = Self.facts(of: machine).mapValues(fnv1a)
    }

    /// A saved fingerprint.
    init(bootID: String?, kernelRelease: String, digests: [String: String]) {
        self.bootID = bootID
        self.kernelRelease = kernelRelease
        self.digests = digests
    }

    /// What is not the same on `machine` any more, in words.
    func changes(on machine: MachineState) -> [String] {
        let now = Fingerprint(of: machine)
        var changes: [String] = []
        if now.kernelRelease != kernelRelease {
            changes.append("kernel \(now.kernelRelease) instead of \(kernelRelease)")
        }
        if now.bootID != bootID { changes.append("another boot") }
        let names = Set(digests.keys).union(now.digests.keys).sorted()
        return changes + names.filter { digests[$0] != now.digests[$0] }.map { Self.words[$0] ?? $0 }
    }

    private static let words = [
        "dax_devices": "the dax devices", "initial_probe": "the state of the initial probe",
        "memory": "the memory blocks", "modules": "the loaded modules", "regions": "the CXL regions",
        "soft_reserved": "the Soft Reserved ranges", "windows": "the CXL windows",
    ]

    /// Each fact as lines that say all of it and nothing that changes by itself (counts, load addresses).
    private static func facts(of machine: MachineState) -> [String: [String]] {
        [
            "dax_devices": machine.daxDevices.map { device in
                let ranges = device.ranges.map(\.description).joined(separator: ",")
                return "\(device.name) \(ranges) \(device.through) \(device.driver ?? "-")"
            }.sorted(),
            "initial_probe": [machine.initialProbe.value.rawValue],
            "memory": machine.memory.blocks.filter { block in
                machine.softReserved.contains { $0.range.overlaps(block.range) }
            }.map { "\($0.range) \($0.isOnline)" },
            "modules": modulesOfInterest.map { "\($0) \(machine.modules.state(of: $0).rawValue)" },
            "regions": machine.regions.map { region in
                let range = region.range?.description ?? "-"
                let lock = region.locked.map { "\($0)" } ?? "-"
                return "\(region.name) \(range) \(region.mode) \(region.committed) \(lock) \(region.assembled)"
            }.sorted(),
            "soft_reserved": machine.softReserved.map(\.range.description),
            "windows": machine.windows.map { "\($0.range) \($0.isLive) \($0.isFixed)" },
        ]
    }
}

/// The 64-bit FNV-1a hash of lines, as 16 hexadecimal digits. It tells changes apart; it is no proof against intent.
func fnv1a(_ lines: [String]) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in lines.map({ $0 + "\n" }).joined().utf8 {
        hash ^= UInt64(byte)
        hash &*= 0x0000_0100_0000_01b3
    }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
