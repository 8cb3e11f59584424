import Inspection
import Iomem
import Machine
import Testing

@Suite("Regions of persistent memory with their namespaces and labels, as sysfs shows them")
struct PmemRegionTests {
    private static let bridge = "/sys/devices/platform/ACPI0017:00/root0/nvdimm-bridge0/ndbus0"
    private static let region = "/sys/devices/platform/ACPI0017:00/root0/decoder0.0/region0"

    /// As 7.3.4 has it after `ndctl create-namespace --mode fsdax`; namespace0.1 is the empty one that libnvdimm keeps ready.
    private func tree() -> FakeTree {
        var tree = FakeTree([
            "\(Self.region)/resource": "0x5d0000000\n", "\(Self.region)/size": "0x20000000\n",
            "\(Self.region)/mode": "pmem\n", "\(Self.region)/commit": "1\n", "\(Self.region)/interleave_ways": "1\n",
            "\(Self.region)/interleave_granularity": "256\n", "\(Self.region)/target0": "decoder2.0\n",
            "\(Self.region)/pmem_region0/devtype": "cxl_pmem_region\n",
            "\(Self.region)/uuid": "22acb393-d20c-463c-b002-3133d630382a\n",
            "\(Self.bridge)/region0/resource": "0x5d0000000\n", "\(Self.bridge)/region0/size": "536870912\n",
            "\(Self.bridge)/region0/namespace0.0/size": "266338304\n",
            "\(Self.bridge)/region0/namespace0.0/holder_class": "pfn\n",
            "\(Self.bridge)/region0/namespace0.1/size": "0\n",
            "\(Self.bridge)/nmem0/available_slots": "1018\n", "\(Self.bridge)/nmem0/cxl/id": "2\n",
        ])
        tree["/proc/iomem"] =
            "00100000-3ffdffff : System RAM\n5d0000000-6cfffffff : CXL Window 0\n  5d0000000-5efffffff : region0\n"
        for (path, text) in FakeTree.rootDecoder { tree[path] = text }
        let decoder = "/sys/bus/cxl/devices/decoder2.0"
        for (name, text) in [
            "devtype": "cxl_decoder_endpoint", "start": "0x5d0000000", "size": "0x20000000", "region": "region0",
        ] {
            tree["\(decoder)/\(name)"] = "\(text)\n"
        }
        tree.links["/sys/bus/cxl/devices/region0"] = Self.region
        for name in ["region0/namespace0.0", "region0/namespace0.1", "nmem0"] {
            tree.links["/sys/bus/nd/devices/\(name.split(separator: "/").last ?? "")"] = "\(Self.bridge)/\(name)"
        }
        return tree
    }

    @Test("a namespace that has bytes, with its mode as ndctl names it; the labels of each device")
    func read() throws {
        let machine = try Inspector(tree: tree(), log: FakeLog()).read()
        let region = try #require(machine.pmemRegions.first)
        #expect(region.layout.uuid == "22acb393-d20c-463c-b002-3133d630382a")
        #expect(region.volumes == [PmemVolume(mode: "fsdax", size: 254 << 20)])
        #expect(machine.pmemLabels == [PmemLabels(name: "nmem0", serial: "2", freeSlots: 1018)])
    }

    @Test("remembered facts keep them, and read them again")
    func roundTrip() throws {
        let machine = try Inspector(tree: tree(), log: FakeLog()).read()
        var facts = RememberedFacts(bootID: "3b1f8c2e-0000-4a5b-8c6d-1234567890ab", initialProbe: nil, decoders: nil)
        facts.pmem = machine.pmemRegions + [PmemRegion(layout: machine.pmemRegions[0].layout, volumes: nil)]
        #expect(RememberedFacts(parsing: facts.serialized()) == facts)
    }

    @Test("without namespaces it has none only if its nd region has a driver; else they are not known")
    func namespaces() throws {
        var tree = tree()
        tree["\(Self.bridge)/region0/namespace0.0/size"] = "0\n"
        let volumes = { (tree: FakeTree) in
            try #require(try Inspector(tree: tree, log: FakeLog()).read().pmemRegions.first).volumes
        }
        #expect(try volumes(tree) == nil)
        tree.links["/sys/bus/nd/devices/region0"] = "\(Self.bridge)/region0"
        #expect(try volumes(tree) == nil)
        tree.links["\(Self.bridge)/region0/driver"] = "/sys/bus/nd/drivers/nd_region"
        #expect(try volumes(tree) == [])
    }
}
