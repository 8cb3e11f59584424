import Foundation
import Iomem
import Machine
import Ownership
import TestCaptures
import Testing

@testable import Inspection

/// Sosreports. The one in Tests/Cases/status-sosreport was made of the machine 7.3.4/auto-kmem/kmem-movable, with the real
/// cxl, daxctl and lsmem over its sysfs.
@Suite("Material: sosreports") struct SosreportTests {
    private static let archive = TestCaptures.repository
        .appendingPathComponent("Tests/Cases/status-sosreport/sosreport-lab-host-2026-11-28.tar.xz").path
    private static let missing: Set<MaterialReport.Part> = [.firmwareMap, .processes]

    private func unpacked() throws -> String {
        let folder = TestCaptures.newDirectory()
        try shell("tar -xf \(Self.archive) --strip-components=1", in: folder)
        return folder
    }

    @Test("whether a region is locked is not in it: a hazard says so and does not call it unlocked") func lock() throws
    {
        let machine = try Inspector(root: Self.archive).read()
        #expect(machine.decoders.allSatisfy { $0.locked == nil })
        let hazards = try Planner(machine: machine).predict([.unload("dax_cxl"), .unload("cxl_acpi")]).hazards
        let lost = try #require(hazards.first { $0.id == .regionLost })
        #expect(lost.why.contains("may reset") && lost.why.contains("is not known"), "\(lost.why)")
        #expect(hazards.allSatisfy { !$0.why.contains("not locked") })
    }

    @Test("it reads as the machine that it was made of, as an archive and as a directory") func machine() throws {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "auto-kmem", "kmem-movable")
        let captured = try Inspector(root: root.path).read()
        for path in [Self.archive, try unpacked()] {
            let machine = try Inspector(root: path).read()
            #expect(machine.material.unrecorded == Self.missing && machine.material.notUnderstood.isEmpty)
            #expect(machine.kernel.release == captured.kernel.release)
            #expect(machine.kernel.generation.value == captured.kernel.generation.value)
            #expect(machine.kernel.bootID == captured.kernel.bootID)
            #expect(machine.host.name == "lab-host")
            #expect(
                machine.iomem == captured.iomem
                    && machine.softReserved.map(\.range) == captured.softReserved.map(\.range)
            )
            #expect(machine.modules.loaded.mapValues(\.users) == captured.modules.loaded.mapValues(\.users))
            let devices = { (machine: MachineState) in
                machine.daxDevices.map {
                    "\($0.name) \($0.ranges) \($0.through) \($0.driver ?? "") \($0.targetNode ?? -1)"
                }
            }
            #expect(devices(machine) == devices(captured) && machine.daxDevices.map(\.owner) == [.cxl])
            // How a region was made is read from sysfs alone.
            var memdevs = captured.memdevs
            for place in memdevs.indices { memdevs[place].identity = nil }
            #expect(machine.memdevs == memdevs)
            let programmed = { (machine: MachineState) in
                machine.decoders.filter { $0.range != nil }.map {
                    "\($0.name) \($0.kind) \($0.range?.description ?? "")"
                }
            }
            #expect(programmed(machine) == programmed(captured))
            var region = try #require(captured.regions.first)
            // cxl list has no word about it.
            region.locked = nil
            region.granularity = nil
            #expect(machine.regions == [region])
            #expect(machine.memory.blockSize == captured.memory.blockSize)
            #expect(machine.memory.blocks == captured.memory.blocks)
            #expect(ownedRanges(of: machine) == ownedRanges(of: captured))
            #expect(machine.initialProbe.value == captured.initialProbe.value)
        }
    }

    @Test("without daxctl's listing, the devices with a line in iomem are known, and no others") func noListing() throws
    {
        let folder = try unpacked()
        try shell("rm sos_commands/cxl/daxctl_list_-iDR*", in: folder)
        let machine = try Inspector(root: folder).read()
        #expect(machine.material.unrecorded == Self.missing.union([.daxDevices]))
        #expect(machine.daxDevices.map(\.name) == ["dax0.0"])
        #expect(machine.daxDevices.map(\.through) == ["region0"] && machine.daxDevices.map(\.driver) == ["kmem"])
        #expect(machine.regions.map(\.assembled) == [true])
    }

    @Test("daxctl list -iDRu has no addresses: those of iomem count") func human() throws {
        let folder = try unpacked()
        try shell("rm sos_commands/cxl/daxctl_list_-iDRM", in: folder)
        let machine = try Inspector(root: folder).read()
        #expect(machine.daxDevices.flatMap(\.ranges).map(\.description) == ["0x5d0000000-0x5efffffff"])
        #expect(machine.material.unrecorded == Self.missing)
    }

    @Test("without lsmem, the blocks are those that daxctl list counts") func counted() throws {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "auto-kmem", "kmem-movable")
        let captured = try Inspector(root: root.path).read()
        let folder = try unpacked()
        try shell("rm sos_commands/memory/lsmem*", in: folder)
        let machine = try Inspector(root: folder).read()
        #expect(machine.memory.blockSize == captured.memory.blockSize && !machine.lacks(.memoryBlocks))
        let blocks = { (machine: MachineState) in
            machine.memory.blocks.map { "\($0.number) \($0.isOnline) \($0.zone ?? "")" }
        }
        #expect(blocks(machine) == blocks(captured))
        // One of them is offline: which one is not listed.
        let total = captured.memory.blocks.count
        try shell(
            "sed -i 's/\"online_memblocks\":[0-9]*/\"online_memblocks\":\(total - 1)/' sos_commands/cxl/daxctl_list_*",
            in: folder
        )
        let mixed = try Inspector(root: folder).read()
        let owned = try #require(ownedRanges(of: mixed).first { $0.use == .systemRAM })
        #expect(owned.blocksOnline == total - 1 && owned.blocksTotal == total)
        #expect(mixed.material.oddities.contains { $0.contains("\(total - 1) of \(total) memory blocks of dax0.0") })
    }

    @Test("where nothing tells which blocks are online, what would strand them if they are is a hazard")
    func uncounted() throws {
        let folder = try unpacked()
        try shell(
            "rm sos_commands/memory/lsmem*; sed -i '/_memblocks/d' sos_commands/cxl/daxctl_list_*",
            in: folder
        )
        let machine = try Inspector(root: folder).read()
        #expect(machine.lacks(.memoryBlocks))
        let owned = try #require(ownedRanges(of: machine).first { $0.use == .systemRAM })
        #expect(!owned.blocksAreKnown)
        let hazards = try Planner(machine: machine).predict([.unload("dax_cxl")]).hazards
        let hazard = try #require(hazards.first { $0.id == .memoryOnline })
        #expect(hazard.why.contains("may be online"), "\(hazard.why)")
    }

    @Test("a listing without the decoders of memory devices is read, and says so once") func noEndpoints() throws {
        let folder = TestCaptures.newDirectory()
        try shell("mkdir -p proc sos_commands/cxl", in: folder)
        try "5d0000000-6cfffffff : CXL Window 0\n  5d0000000-5efffffff : region0\n".write(
            toFile: "\(folder)/proc/iomem",
            atomically: true,
            encoding: .utf8
        )
        let listing = """
            [{"memdevs":[{"memdev":"mem0","ram_size":536870912,"host":"0000:0d:00.0"}]},
             {"buses":[{"bus":"root0","decoders:root0":[{"decoder":"decoder0.0","resource":24964497408,"size":4294967296,
               "regions:decoder0.0":[{"region":"region0","resource":24964497408,"size":536870912,"type":"ram",
                 "interleave_ways":1,"decode_state":"commit",
                 "mappings":[{"position":0,"memdev":"mem0","decoder":"decoder2.0"}]}]}]}]}]
            """
        try listing.write(toFile: "\(folder)/sos_commands/cxl/cxl_list_-vvv", atomically: true, encoding: .utf8)
        let machine = try Inspector(root: folder).read()
        #expect(machine.regions.map(\.committed) == [true] && !machine.seesDecoders)
        #expect(machine.material.oddities.count { $0.contains("decoder2.0") } == 1)
    }

    @Test("a command that failed is told, and what it would have listed is unknown") func failed() throws {
        let folder = try unpacked()
        for name in ["cxl_list_-vvv", "daxctl_list_-iDRM", "daxctl_list_-iDRu"] {
            try "libcxl: cxl_new: out of memory\n".write(
                toFile: "\(folder)/sos_commands/cxl/\(name)",
                atomically: true,
                encoding: .utf8
            )
        }
        let material = try Inspector(root: folder).read().material
        #expect(material.unrecorded.isSuperset(of: [.cxlDevices, .daxDevices]))
        #expect(material.oddities.count { $0.contains("is not a listing: \"libcxl: cxl_new") } == 2)
    }

    @Test("an empty listing says that there is no device") func empty() throws {
        let folder = try unpacked()
        try "00100000-3ffdffff : System RAM\n".write(toFile: "\(folder)/proc/iomem", atomically: true, encoding: .utf8)
        for name in ["cxl_list_-vvv", "daxctl_list_-iDRM"] {
            try "[\n]\n".write(toFile: "\(folder)/sos_commands/cxl/\(name)", atomically: true, encoding: .utf8)
        }
        let machine = try Inspector(root: folder).read()
        #expect(!machine.lacks(.cxlDevices) && !machine.lacks(.daxDevices))
        #expect(machine.regions.isEmpty && machine.daxDevices.isEmpty && machine.decoders.isEmpty)
    }

    @Test(
        "hostile listings: deep, huge, with paths that lead elsewhere",
        arguments: [
            String(repeating: "[", count: 100_000),
            "[{\"path\":\"/../../../etc\",\"devices\":[{\"chardev\":\"dax0.0/../../x\",\"size\":1}]}]",
            "[{\"path\":\"/platform/hmem.0\",\"devices\":[{\"chardev\":\"dax0.0\",\"size\":18446744073709551615}]}]",
            "[{\"path\":\"/platform/hmem.0\",\"devices\":[{\"chardev\":\"dax0.0\",\"mappings\":[{\"start\":9,\"end\":1}]}]}]",
            "[{\"path\":\"\",\"devices\":[]}]", "{}", "null", "\"x\"", "[1,2]",
        ]
    ) func hostile(text: String) throws {
        let folder = try unpacked()
        try text.write(toFile: "\(folder)/sos_commands/cxl/daxctl_list_-iDRM", atomically: true, encoding: .utf8)
        try text.write(toFile: "\(folder)/sos_commands/cxl/cxl_list_-vvv", atomically: true, encoding: .utf8)
        if let error = failure(reading: folder) { #expect(error.code == .badCapture) }
    }

    @Test("a report without the plugin pci has no iomem: refused with the reason") func noIomem() throws {
        let folder = try unpacked()
        try shell("rm proc/iomem", in: folder)
        #expect(failure(reading: folder)?.message.contains("plugin pci") == true)
    }
}
