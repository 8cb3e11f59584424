import Iomem
import Machine

@testable import Ownership

/// Machines of the tests, built from the facts of the lab: window 0x5d0000000, 4 GiB; Soft Reserved 512 MiB at its start.
enum Machines {
    static let range = span(0x5_d000_0000, 0x2000_0000)
    static let window = span(0x5_d000_0000, 0x1_0000_0000)
    static let elsewhere = span(0x1000_0000, 0x1000_0000)

    static func span(_ start: UInt64, _ size: UInt64) -> AddressRange {
        guard let range = AddressRange(start: start, size: size) else { preconditionFailure("empty range") }
        return range
    }

    /// A host after boot: the modules that udev loads are in.
    static func booted(
        _ generation: Generation,
        ranges: [AddressRange] = [range],
        regions: [Region] = [],
        decoded: [AddressRange] = []
    ) -> MachineState {
        var kernel = Kernel(release: "test")
        kernel.generation = Inferred(generation, evidence: ["the test says so"])
        kernel.showsSoftReserved = generation == .deferring
        var machine = MachineState(kernel: kernel, iomem: IomemTree(inFileOrder: []))
        machine.softReserved = ranges.map { SoftReservedRange(range: $0, sources: ["test"]) }
        machine.windows = [Window(range: window, number: 0, isLive: true, isFixed: false, sources: ["test"])]
        machine.regions = regions
        machine.modules.builtin = ["cxl_core", "cxl_port"]
        machine.memdevs = [Memdev(name: "mem0", hasEndpoint: true)]
        let names = ["dax_cxl", "dax_hmem", "cxl_pci", "cxl_mem", "cxl_acpi", "cxl_pmem"]
        for (position, name) in names.enumerated() {
            machine.modules.loaded[name] = LoadedModule(
                isLive: true,
                references: 0,
                users: [],
                address: 1,
                position: position
            )
        }
        for (number, bytes) in (regions.compactMap(\.range) + decoded).enumerated() {
            machine.decoders.append(
                Decoder(
                    name: "decoder2.\(number)",
                    kind: .endpoint,
                    range: bytes,
                    locked: regions.first?.locked == true,
                    region: regions.first?.name
                )
            )
        }
        machine.initialProbe = Inferred(.done, evidence: ["the test says so"])
        machine.memory.blockSize = 0x800_0000
        return machine
    }

    static func region(_ bytes: AddressRange = range, locked: Bool?, committed: Bool = true) -> Region {
        Region(
            name: "region0",
            range: bytes,
            mode: "ram",
            committed: committed,
            locked: locked,
            assembled: committed,
            daxDriver: committed ? "cxl_dax_region" : nil,
            targets: ["decoder2.0"]
        )
    }

    static func device(_ owner: Owner, _ bytes: AddressRange = range, driver: String? = nil) -> DaxDevice {
        DaxDevice(
            name: "dax0.0",
            ranges: [bytes],
            owner: owner,
            through: owner == .cxl ? "region0" : "hmem.0",
            driver: driver
        )
    }

    /// A region of one device that CXL owns.
    static func cxlOwned(_ generation: Generation, locked: Bool?, driver: String? = nil) -> MachineState {
        var machine = booted(generation, regions: [region(locked: locked)])
        machine.daxDevices = [device(.cxl, driver: driver)]
        return machine
    }

    static let toHmem: [Step] = [
        .unload("dax_cxl"), .unload("dax_hmem"), .hold, .unload("cxl_acpi"), .load("dax_hmem"),
    ]
    static let toCxl: [Step] = [
        .unload("dax_cxl"), .unload("dax_hmem"), .release, .load("cxl_acpi"), .load("cxl_pci"), .load("cxl_mem"),
        .load("dax_hmem"), .load("dax_cxl"),
    ]
    static let hmem = Policy(
        name: "hmem",
        summary: "",
        order: toHmem,
        want: .init(coveredByRegion: .hmem, windowOnly: .hmem, outsideWindows: .hmem),
        consent: .init()
    )
    static let cxl = Policy(
        name: "cxl",
        summary: "",
        order: toCxl,
        want: .init(coveredByRegion: .cxl, windowOnly: nil, outsideWindows: .hmem),
        consent: .init()
    )
}

extension Plan {
    var hazardIDs: Set<Hazard.Identifier> { Set(hazards.map(\.id)) }
    func owners(of range: AddressRange) -> Set<Owner> {
        prediction.ranges.filter { $0.range.overlaps(range) }.reduce(into: []) { $0.formUnion($1.owners) }
    }
}
