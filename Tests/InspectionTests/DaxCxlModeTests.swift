import Inspection
import Iomem
import Machine
import Testing

/// What a vendor's kernel has decided for all ranges in windows.
@Suite struct DaxCxlModeTests {
    private static let directory = "/lib/modules/6.12.107"
    private static let window = "5d0000000-6cfffffff : CXL Window 0\n"

    private func mode(_ files: [String: String], log: [String]? = nil, links: [String: String] = [:]) throws
        -> Inferred<DaxCxlMode?>
    {
        let kernel = [
            "/proc/kallsyms": "0000000000000000 D dax_cxl_mode\n",
            "/proc/iomem": "00100000-3ffdffff : System RAM\n" + Self.window,
            "\(Self.directory)/modules.dep": "kernel/drivers/dax/dax_cxl.ko:\n",
            "/sys/firmware/memmap/0/start": "0x5d0000000\n", "/sys/firmware/memmap/0/end": "0x5efffffff\n",
            "/sys/firmware/memmap/0/type": "Soft Reserved\n",
        ].merging(FakeTree.rootDecoder) { $1 }
        var tree = FakeTree(kernel.merging(files) { $1 })
        tree.links = links
        let machine = try Inspector(tree: tree, log: FakeLog(log)).read()
        #expect(machine.kernel.generation.value == .allOrNothing)
        #expect(machine.initialProbe.value == .unknown)
        return machine.daxCxlMode
    }

    @Test("the kernel's warning: dax_hmem takes all") func register() throws {
        let line = "[   31.0] hmem_platform hmem_platform.0: Soft Reserved not fully contained in CXL; using HMEM"
        let found = try mode([:], log: [line])
        #expect(found.value == .register && found.evidence.first?.contains("kernel log") == true)
    }

    @Test("dax_hmem is loaded and left a range that meets a window: all are left to CXL") func drop() throws {
        let found = try mode(["/proc/modules": "dax_hmem 20480 0 - Live 0x0\n"])
        #expect(found.value == .drop && found.evidence.first?.contains("0x5d0000000") == true)
    }

    @Test("a range that reaches out of its window is taken by nobody, whatever is decided: not known")
    func straddling() throws {
        let found = try mode([
            "/proc/modules": "dax_hmem 20480 0 - Live 0x0\n", "/sys/firmware/memmap/0/end": "0x6dfffffff\n",
        ])
        #expect(found.value == nil)
    }

    @Test("a device of dax_hmem in a window says nothing: it may be older than the window") func held() throws {
        let device = "/sys/devices/platform/hmem.0/dax0.0"
        let found = try mode(
            [
                "/proc/modules": "dax_hmem 20480 0 - Live 0x0\n", "\(device)/resource": "0x5d0000000\n",
                "\(device)/size": "536870912\n",
            ],
            links: [
                "/sys/bus/dax/devices/dax0.0": device,
                "/sys/bus/platform/devices/hmem.0": "/sys/devices/platform/hmem.0",
                "/sys/devices/platform/hmem.0/driver": "/sys/bus/platform/drivers/hmem",
            ]
        )
        #expect(found.value == nil && found.evidence.first?.contains("holds") == true)
    }

    @Test("dax_hmem is not loaded: not known") func absent() throws {
        #expect(try mode([:]).value == nil)
    }

    @Test("there was no CXL window in this boot: still to be decided") func pending() throws {
        let found = try mode(
            [
                "/proc/iomem": "00100000-3ffdffff : System RAM\n",
                "/sys/bus/cxl/devices/decoder0.0/devtype": "cxl_decoder_root\n",
            ],
            log: ["[    0.000000] Linux version 7.0.0 (a@b) (gcc) #1 SMP", "[    0.1] x"]
        )
        #expect(found.value == .defer)
    }
}

/// What is known about locked decoders of a kernel whose regions have no attribute `locked`.
@Suite struct LockTests {
    private func keeps(_ release: String, _ files: [String: String] = [:]) throws -> Bool? {
        let tree = FakeTree(["/proc/sys/kernel/osrelease": release + "\n"].merging(files) { $1 })
        return try Inspector(tree: tree, log: FakeLog()).read().kernel.keepsLockedDecoders
    }

    @Test(
        "up to 6.19 they are reset, 7.0 keeps them, and a backport can have either",
        arguments: [
            ("6.12.107", false), ("6.19.3-arch1", false), ("6.3.0", false), ("7.0.2", nil),
            ("5.14.0-611.el9.x86_64", nil),
            ("strange", nil),
        ] as [(String, Bool?)]
    )
    func releases(release: String, expected: Bool?) throws {
        #expect(try keeps(release) == expected)
    }

    @Test("a 6.17 that prints no Soft Reserved line has more of 7.0") func backport() throws {
        #expect(
            try keeps(
                "6.17.0-1014-nvidia",
                [
                    "/proc/iomem": "00100000-3ffdffff : System RAM\n",
                    "/sys/firmware/memmap/0/start": "0x5d0000000\n", "/sys/firmware/memmap/0/end": "0x5efffffff\n",
                    "/sys/firmware/memmap/0/type": "Soft Reserved\n",
                ]
            ) == nil
        )
    }
}
