import Foundation
@testable import Inspection
import Iomem
import Machine
import TestCaptures
import Testing

/// Regions, decoders, memory blocks and switches of machines that are known in detail.
@Suite struct MachineTests {
    private func state(_ kernel: String, _ scenario: String, _ moment: String) throws -> MachineState {
        try Inspector(root: TestCaptures.root(kernel: kernel, scenario: scenario, moment).path).read()
    }

    @Test("a machine that CXL owns, with locked decoders") func locked() throws {
        let state = try state("7.3.4", "locked-switch", "cxl-owned")
        let region = try #require(state.regions.first)
        #expect(region.name == "region0" && region.committed && region.locked == true && region.assembled)
        #expect(region.daxDriver == "cxl_dax_region" && region.targets == ["decoder2.0"])
        let endpoint = try #require(state.decoders.first { $0.name == "decoder2.0" })
        #expect(endpoint.kind == .endpoint && endpoint.locked == true && endpoint.region == "region0")
        #expect(endpoint.range == region.range)
        #expect(state.decoders.first { $0.name == "decoder2.1" }?.range == nil)
        #expect(state.decoders.first?.name == "decoder0.0" && state.decoders.first?.kind == .root)
        let identity = MemdevIdentity(serial: "0x1", path: "pci0000:0c/0000:0c:00.0/0000:0d:00.0")
        #expect(state.memdevs == [Memdev(name: "mem0", hasEndpoint: true, persistentSize: 0, identity: identity)])
        let dpa = AddressRange(start: 0, size: 0x2000_0000)
        #expect(
            state.layouts.map(\.targets) == [[RegionTarget(device: identity, dpa: dpa)]]
                && state.layouts.first?.granularity == region.granularity
        )
        #expect(state.kernel.commandLine.parameters.values(of: "memmap") == ["512M%0x5d0000000+0xefffffff"])
    }

    @Test("6.12 has no lock of regions, and two owners of the same bytes") func both() throws {
        let state = try state("6.12.107", "hmem-first-then-cxl", "dax_cxl-second")
        #expect(state.regions.map(\.locked) == [nil])
        #expect(Set(state.daxDevices.compactMap(\.owner)) == [.cxl, .hmem])
        #expect(Set(state.daxDevices.map(\.ranges)).count == 1)
    }

    @Test("a region that was not assembled") func failedAssembly() throws {
        let state = try state("7.3.4", "auto-failed-assembly", "hmem-first")
        let region = try #require(state.regions.first)
        #expect(!region.assembled && region.daxDriver == nil && !region.committed)
        #expect(state.daxDevices.map(\.owner) == [.hmem])
    }

    @Test("a persistent device, and whether its region's pmem_region has a driver")
    func persistent() throws {
        let without = try state("6.12.107-lab", "pmem", "topology")
        #expect(Set(without.memdevs.map(\.persistentSize)) == [0, 0x2000_0000])
        #expect(without.regions.filter(\.lacksPmemDriver).map(\.mode) == ["pmem"])
        let with = try state("7.3.4-lab", "pmem", "topology")
        #expect(with.regions.contains { $0.mode == "pmem" } && !with.regions.contains(where: \.lacksPmemDriver))
    }

    @Test("memory blocks: online, offline, their zone") func blocks() throws {
        let online = try state("7.3.4", "auto-kmem", "kmem-movable").memory
        #expect(online.blocks.map(\.range.start) == [0x5_d000_0000, 0x5_d800_0000, 0x5_e000_0000, 0x5_e800_0000])
        #expect(online.blocks.allSatisfy { $0.isOnline && $0.zone == "Movable" && $0.range.size == 128 << 20 })
        #expect(online.autoOnline == "offline")
        let offline = try state("7.3.4", "auto-kmem", "kmem-offline").memory
        #expect(offline.blocks.count == 4 && offline.blocks.allSatisfy { !$0.isOnline && $0.zone == nil })
        #expect(try state("7.3.4", "auto-kmem", "cxl-owned").memory.blocks.isEmpty)
    }

    @Test("a block that contradicts its own name") func badBlock() throws {
        let tree = FakeTree([
            "/sys/devices/system/memory/block_size_bytes": "8000000\n",
            "/sys/devices/system/memory/memory186/state": "going-offline\n",
            "/sys/devices/system/memory/memory186/phys_index": "000000ba\n",
            "/sys/devices/system/memory/memory186/valid_zones": "none\n",
            "/sys/devices/system/memory/memory1/state": "online\n",
        ])
        let blocks = try Inspector(tree: tree, log: FakeLog()).read().memory.blocks
        #expect(blocks.map(\.number) == [186])
        #expect(blocks.first?.isOnline == true && blocks.first?.zone == nil)
        var wrong = tree
        wrong["/sys/devices/system/memory/memory186/phys_index"] = "000000bb\n"
        #expect(failure(wrong)?.message.contains("phys_index") == true)
        wrong = tree
        wrong["/sys/devices/system/memory/block_size_bytes"] = "0\n"
        #expect(failure(wrong)?.message.contains("block_size_bytes") == true)
    }

    @Test("what is built in shows in its drivers, where no list tells") func drivers() throws {
        let endpoint = "/sys/bus/cxl/devices/decoder2.0"
        let modules = try Inspector(
            tree: FakeTree([
                "/proc/modules": "kmem 12288 0 - Live 0x0\n", "/sys/bus/dax/drivers/kmem/bind": "",
                "/sys/bus/platform/drivers/cxl_acpi/bind": "", "\(endpoint)/devtype": "cxl_decoder_endpoint\n",
            ]),
            log: FakeLog(nil)
        ).read().modules
        #expect(modules.state(of: "cxl_acpi") == .builtin && modules.state(of: "cxl_port") == .builtin)
        #expect(modules.state(of: "kmem") == .live && modules.state(of: "cxl_pci") == .absent)
    }

    @Test("whether a driver can be unbound, which the running machine alone shows") func bindFiles() throws {
        let root = try TestCaptures.root(kernel: "7.3.4-builtin", scenario: "uek-unbind", "acpi-unbound")
        let copy = try TestCaptures.copy(root)
        let driver = { (isLive: Bool) in
            let tree = DirectoryTree(root: copy.path)
            let log = RecordedKernelLog(tree: tree)
            let reader = isLive ? Inspector(tree: LiveTree(tree), log: log) : Inspector(tree: tree, log: log)
            return try reader.read().modules.drivers["cxl_acpi"]
        }
        #expect(try driver(true)?.hasBindFiles == false)
        #expect(try driver(false)?.hasBindFiles == true)
        try copy.write("", to: "/sys/bus/platform/drivers/cxl_acpi/unbind")
        #expect(try driver(true)?.hasBindFiles == true)
        #expect(try driver(true)?.devices == [.init(name: "ACPI0017:00", isBound: false)])
    }

    @Test("switches of the kernel") func switches() throws {
        let tree = FakeTree([
            "/proc/sys/kernel/modules_disabled": "1\n",
            "/sys/kernel/security/lockdown": "none [integrity] confidentiality\n",
            "/proc/modules":
                "kmem 20480 -1 - Unloading 0xffffffffc0a1f000 (O-)\nx 1 2 a,[permanent],b, Live 0x0\ny 1 - - Live 0x0\n",
            "/sys/module/device_hmem/parameters/disable": "N\n", "/sys/module/cxl_core/parameters/x": "N\n",
            "/sys/module/dax/initstate": "live\n",
        ])
        let state = try Inspector(tree: tree, log: FakeLog()).read()
        #expect(state.kernel.modulesDisabled && state.kernel.lockdown == "integrity" && state.kernel.bootID == nil)
        #expect(state.modules.state(of: "kmem") == .changing)
        #expect(state.modules.loaded["kmem"]?.references == -1)
        #expect(state.modules.loaded["kmem"]?.address == 0xffff_ffff_c0a1_f000)
        #expect(state.modules.loaded["x"]?.users == ["a", "b"] && state.modules.loaded["x"]?.position == 1)
        // Of a module that decides nothing it is not asked; a module that came meanwhile has its state.
        #expect(state.modules.builtin == ["cxl_core"])
    }

    @Test("depmod's lists: names by file, with dashes or underscores; of what decides nothing, nothing") func lists() {
        let dependencies = """
            kernel/drivers/dax/dax-hmem.ko.xz: kernel/drivers/dax/device-dax.ko.xz
            kernel/drivers/cxl/core/cxl_core.ko: kernel/drivers/acpi/apei/einj.ko updates/libnvdimm.ko
            kernel/drivers/net/dax_hmem/virtio.ko:
            kernel/fs/dax_hmem2.ko: kernel/drivers/dax/kmem.ko
            updates/dax_cxl.ko.zst:
            """
        let known = ModuleLists.dependencies(Array(dependencies.utf8))
        #expect(
            known.needs == ["dax_hmem": ["device_dax"], "cxl_core": ["einj", "libnvdimm"], "dax_cxl": []]
                && known.hmemFile == "kernel/drivers/dax/dax-hmem.ko.xz"
        )
        #expect(
            ModuleLists.builtin(Array("kernel/drivers/dax/dax.ko\nkernel/x/kmem.ko\nmem.ko".utf8)) == ["dax", "kmem"]
        )
        let soft = ModuleLists.softDependencies(
            Array("# Soft\nsoftdep dax_hmem pre: cxl-acpi post: x\nsoftdep y post: z\n".utf8)
        )
        #expect(soft == ["dax_hmem": ["cxl_acpi"]])
    }

    @Test("processes that have a dax device open or mapped") func users() throws {
        var tree = FakeTree([
            "/proc/iomem": "5d0000000-5efffffff : Soft Reserved\n  5d0000000-5efffffff : dax0.0\n",
            "/sys/devices/hmem.0/dax0.0/size": "536870912\n", "/sys/devices/hmem.0/dax0.0/resource": "0x5d0000000\n",
            "/proc/7/comm": "holder\n", "/proc/8/comm": "reader\n", "/proc/9/comm": "other\n",
            "/proc/7/maps": "7f0000000000-7f0000200000 rw-s 00000000 00:05 421   /dev/dax0.0\n",
            "/proc/9/maps": "7f0000000000-7f0000200000 rw-s 00000000 00:05 421   /dev/dax0.01\n",
        ])
        tree.isLive = true
        tree.links = [
            "/sys/bus/dax/devices/dax0.0": "/sys/devices/hmem.0/dax0.0", "/proc/8/fd/3": "/dev/dax0.0",
            "/sys/bus/platform/devices/hmem.0": "/sys/devices/hmem.0",
            "/sys/devices/hmem.0/dax0.0/driver": "/sys/bus/dax/drivers/device_dax",
        ]
        let users = try Inspector(tree: tree, log: FakeLog()).read().daxDevices.first?.users
        #expect(
            users == [
                DaxUser(pid: 7, command: "holder", isMapped: true), DaxUser(pid: 8, command: "reader", isMapped: false),
            ]
        )
    }
}
