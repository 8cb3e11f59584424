import Inspection
import Iomem
import Machine
import Testing

/// Soft Reserved ranges from every place, and what holds where the places differ.
@Suite struct SoftReservedTests {
    private static let bare = "00100000-3ffdffff : System RAM\n"

    private func read(
        _ files: [String: String] = [:],
        iomem: String = bare,
        commandLine: String = "",
        log: [String]? = nil,
        tables: [String: [UInt8]] = [:]
    ) throws -> [SoftReservedRange] {
        var tree = FakeTree(files)
        tree["/proc/iomem"] = iomem
        tree["/proc/cmdline"] = commandLine + "\n"
        for (name, bytes) in tables { tree.files["/sys/firmware/acpi/tables/\(name)"] = bytes }
        return try Inspector(tree: tree, log: FakeLog(log)).read().softReserved
    }

    private func firmware(_ entries: [(String, String, String)]) -> [String: String] {
        var files: [String: String] = [:]
        for (index, entry) in entries.enumerated() {
            files["/sys/firmware/memmap/\(index)/start"] = entry.0 + "\n"
            files["/sys/firmware/memmap/\(index)/end"] = entry.1 + "\n"
            files["/sys/firmware/memmap/\(index)/type"] = entry.2 + "\n"
        }
        return files
    }

    private func text(_ ranges: [SoftReservedRange]) -> [String] { ranges.map(\.range.description) }

    @Test(
        "memmap= on the command line",
        arguments: [
            ("memmap=512M%0x5d0000000+0xefffffff", ["0x5d0000000-0x5efffffff"]),
            ("memmap=256M%0x10000000-1+0xefffffff", ["0x10000000-0x1fffffff"]),
            (
                "quiet memmap=1G%0x100000000+0xefffffff memmap=1g%8G+0xefffffff x=y",
                ["0x100000000-0x13fffffff", "0x200000000-0x23fffffff"]
            ),
            ("memmap=1G%4G+0xefffffff,1G%8G+0xefffffff", ["0x100000000-0x13fffffff", "0x200000000-0x23fffffff"]),
            (
                "memmap=1G%4G+0xefffffff memmap=1G%5G+0xefffffff",
                ["0x100000000-0x13fffffff", "0x140000000-0x17fffffff"]
            ),
            ("memmap=2G%4G+0xefffffff memmap=1G%5G-0xefffffff+1", ["0x100000000-0x13fffffff"]),
            ("memmap=2G%4G+0xefffffff memmap=1G%5G", ["0x100000000-0x13fffffff"]),
            ("memmap=1024K%010000000000+4026531839", ["0x40000000-0x400fffff"]),
            ("\"memmap=1G%4G+0xefffffff\"", ["0x100000000-0x13fffffff"]),
            ("memmap=1G%4G+0xefffffffz", []), ("memmap=1G%4G+7", []), ("memmap=1G@4G", []), ("memmap=1G$4G", []),
            ("memmap=%4G+0xefffffff", []), ("memmap=0%4G+0xefffffff", []), ("memmap=exactmap", []),
            ("memmap=1G%0xfffffffffffffff0+0xefffffff", []), ("memmap=17179869184G%4G+0xefffffff", []),
            ("-- memmap=1G%4G+0xefffffff", []),
        ] as [(String, [String])]
    )
    func commandLine(line: String, expected: [String]) throws {
        let ranges = try read(commandLine: line)
        #expect(text(ranges) == expected)
        #expect(ranges.allSatisfy { $0.sources == ["memmap= in /proc/cmdline"] })
    }

    @Test("with an old type only what had it changes") func oldType() throws {
        let files = firmware([("0x100000", "0x3ffdffff", "System RAM"), ("0x3ffe0000", "0x3fffffff", "Reserved")])
        let ranges = try read(files, commandLine: "memmap=512M%0x30000000-1+0xefffffff")
        #expect(text(ranges) == ["0x30000000-0x3ffdffff"])
    }

    @Test("memmap=exactmap throws the firmware's map away, and what stands before it") func exactMap() throws {
        let files = firmware([
            ("0x100000", "0x3ffdffff", "System RAM"), ("0x5d0000000", "0x5efffffff", "Soft Reserved"),
        ])
        #expect(try text(read(files, commandLine: "memmap=exactmap memmap=640K@0 memmap=1G@1M")) == [])
        let line = "memmap=1G%8G+0xefffffff memmap=exactmap,1G@1M memmap=256M%0x5d0000000+0xefffffff"
        #expect(try text(read(files, commandLine: line)) == ["0x5d0000000-0x5dfffffff"])
    }

    @Test("the firmware's map") func firmwareMap() throws {
        let files = firmware([
            ("0x100000", "0x3ffdffff", "System RAM"), ("0x5d0000000", "0x5efffffff", "Soft Reserved"),
            ("0x10000000", "0x1fffffff", "soft reserved"),
        ])
        let ranges = try read(files)
        #expect(text(ranges) == ["0x10000000-0x1fffffff", "0x5d0000000-0x5efffffff"])
        #expect(ranges.map(\.sources) == [["/sys/firmware/memmap/2"], ["/sys/firmware/memmap/1"]])
    }

    @Test(
        "the kernel log, in both spellings and with all that may stand before",
        arguments: [
            "[    0.000000] BIOS-e820: [mem 0x00000005d0000000-0x00000005efffffff] soft reserved",
            "[    0.000000] BIOS-e820: [mem 0x00000005d0000000-0x00000005efffffff]  soft reserved",
            "[    0.000000][    T0] BIOS-e820: [mem 0x00000005d0000000-0x00000005efffffff] Soft Reserved",
            "<6>[    0.000000] BIOS-e820: [mem 0x00000005d0000000-0x00000005efffffff] soft reserved",
            "[    0.000000] efi: mem17: [Conventional Memory|   |  |SP|  |  |  |  |  |   |WB|WT|WC|UC] "
                + "range=[0x00000005d0000000-0x00000005efffffff] (512MB)",
        ]
    )
    func log(line: String) throws {
        let ranges = try read(log: ["[    0.000000] Linux version 7.3", line])
        #expect(text(ranges) == ["0x5d0000000-0x5efffffff"])
    }

    @Test("other lines of the log don't count") func otherLines() throws {
        let ranges = try read(log: [
            "[    0.000000] BIOS-e820: [mem 0x00000005d0000000-0x00000005efffffff]  device reserved",
            "[    0.000000] BIOS-e820: [gap 0x00000005d0000000-0x00000005efffffff]",
            "[    0.000000] reserve setup_data: [mem 0x00000005d0000000-0x00000005efffffff] soft reserved",
            "[    0.000000] e820: update [mem 0x10000000-0x1fffffff] System RAM ==> soft reserved",
        ])
        #expect(ranges.isEmpty)
    }

    @Test("the user: map replaces the firmware's, if the log has its beginning") func userMap() throws {
        let files = firmware([("0x5d0000000", "0x5efffffff", "Soft Reserved")])
        let log = [
            "[    0.0] BIOS-e820: [mem 0x00000005d0000000-0x00000005efffffff]  soft reserved",
            "[    0.0] user-defined physical RAM map:",
            "[    0.0] user: [mem 0x00000005d0000000-0x00000005dfffffff]  soft reserved",
        ]
        let ranges = try read(files, commandLine: "memmap=256M%0x5e0000000-0xefffffff+1", log: log)
        #expect(text(ranges) == ["0x5d0000000-0x5dfffffff"])
        #expect(ranges.first?.sources == ["the user: map in the kernel log"])
        let cut = try read(files, log: [log[2]])
        #expect(text(cut) == ["0x5d0000000-0x5efffffff"])
    }

    @Test("one range found in many places is one range") func manyPlaces() throws {
        let files = firmware([("0x5d0000000", "0x5efffffff", "Soft Reserved")])
        let ranges = try read(
            files,
            iomem: "5d0000000-5efffffff : Soft Reserved\n",
            log: ["[    0.000000] BIOS-e820: [mem 0x00000005d0000000-0x00000005efffffff] soft reserved"]
        )
        #expect(ranges.count == 1)
        #expect(
            ranges.first?.sources == [
                "/proc/iomem", "/sys/firmware/memmap/0", "the BIOS-e820: map in the kernel log",
            ]
        )
    }

    @Test("lines around and below regions and windows") func lines() throws {
        let within = try read(
            FakeTree.rootDecoder.merging(FakeTree.region(0, "0x5d0000000", "0x20000000")) { _, own in own },
            iomem: """
                5d0000000-6cfffffff : CXL Window 0
                  5d0000000-60fffffff : Soft Reserved
                    5d0000000-5efffffff : region0
                  6d0000000-6dfffffff : none

                """.replacing("  6d0000000-6dfffffff : none\n", with: "")
        )
        #expect(text(within) == ["0x5d0000000-0x60fffffff"])
        // The kernel makes an HMEM range from each line, whatever the firmware's map has there.
        let split = """
            5d0000000-6cfffffff : CXL Window 0
              5d0000000-5dfffffff : Soft Reserved
              5e0000000-5e7ffffff : region0
              5e8000000-5efffffff : Soft Reserved

            """
        let region = FakeTree.rootDecoder.merging(FakeTree.region(0, "0x5e0000000", "0x8000000")) { _, own in own }
        let files = firmware([("0x5d0000000", "0x5efffffff", "Soft Reserved")]).merging(region) { _, own in own }
        for all in [files, region] {
            let found = try read(all, iomem: split)
            #expect(text(found) == ["0x5d0000000-0x5dfffffff", "0x5e8000000-0x5efffffff"])
            #expect(found.map(\.hmemRange) == found.map(\.range))
        }
    }

    @Test("lines at a window's edge are two units, though one entry of the firmware's map is over both")
    func atTheEdge()
        throws
    {
        let files = FakeTree.rootDecoder.merging(firmware([("0x6c0000000", "0x6dfffffff", "Soft Reserved")])) {
            own,
            _ in own
        }
        let found = try read(
            files,
            iomem: "5d0000000-6cfffffff : CXL Window 0\n  6c0000000-6cfffffff : Soft Reserved\n"
                + "6d0000000-6dfffffff : Soft Reserved\n"
        )
        #expect(found.map { $0.hmemRange?.description } == ["0x6c0000000-0x6cfffffff", "0x6d0000000-0x6dfffffff"])
    }

    @Test("without lines, a range that memmap= adds is cut where entries of the map begin or end, and so are overlaps")
    func cut() throws {
        let files = firmware([
            ("0x100000", "0x3ffdffff", "System RAM"), ("0x3ffe0000", "0x3fffffff", "Reserved"),
            ("0x5d0000000", "0x5efffffff", "Soft Reserved"),
        ])
        let line = "memmap=1G%0x30000000+0xefffffff"
        #expect(
            try text(read(files, commandLine: line)) == [
                "0x30000000-0x3ffdffff", "0x3ffe0000-0x3fffffff", "0x40000000-0x6fffffff", "0x5d0000000-0x5efffffff",
            ]
        )
        let overlap = "memmap=512M%0x5e0000000+0xefffffff memmap=256M%0x5f8000000+12"
        #expect(
            try text(read(files, commandLine: overlap)) == [
                "0x5d0000000-0x5dfffffff", "0x5e0000000-0x5efffffff", "0x5f0000000-0x5f7ffffff",
                "0x5f8000000-0x5ffffffff",
            ]
        )
        let log = [
            "[    0.0] user-defined physical RAM map:",
            "[    0.0] user: [mem 0x0000000030000000-0x000000006fffffff]  soft reserved",
        ]
        #expect(
            try text(read(files, commandLine: line, log: log)) == ["0x30000000-0x6fffffff"],
            "the kernel's own word"
        )
    }

    @Test("EFI entries side by side are units of their own, though the firmware's map joins them") func efiEntries()
        throws
    {
        let files = firmware([("0x5d0000000", "0x5efffffff", "Soft Reserved")])
        let log = ["0x00000005d0000000-0x00000005dfffffff", "0x00000005e0000000-0x00000005efffffff"].map { range in
            "[    0.0] efi: mem17: [Conventional Memory|   |  |SP|  |  |WB|WT|WC|UC] range=[\(range)] (256MB)"
        }
        #expect(try text(read(files, log: log)) == ["0x5d0000000-0x5dfffffff", "0x5e0000000-0x5efffffff"])
        #expect(try text(read(files, commandLine: "efi=nosoftreserve", log: log)) == ["0x5d0000000-0x5efffffff"])
    }

    @Test("where lines are shown, a range without one does not count") func notShown() throws {
        let files = firmware([
            ("0x5d0000000", "0x5efffffff", "Soft Reserved"), ("0x10000000", "0x1fffffff", "Soft Reserved"),
        ])
        let ranges = try read(
            files,
            iomem: "5d0000000-5efffffff : Soft Reserved\n700000000-70fffffff : Soft Reserved\n"
        )
        #expect(text(ranges) == ["0x5d0000000-0x5efffffff", "0x700000000-0x70fffffff"])
    }

    @Test("an HMAT cuts at the borders of proximity domains; without one the SRAT does not") func proximity() throws {
        let files = firmware([("0x5d0000000", "0x5efffffff", "Soft Reserved")])
        let srat = TableBytes.srat(
            TableBytes.memory(domain: 0, base: 0x100000, size: 0x3ff0_0000)
                + TableBytes.memory(domain: 1, base: 0x5_d000_0000, size: 256 << 20)
                + TableBytes.memory(domain: 2, base: 0x5_e000_0000, size: 256 << 20)
                + TableBytes.memory(domain: 3, base: 0x5_e800_0000, size: 8 << 20, enabled: false)
        )
        let hmat = TableBytes.table("HMAT", [])
        #expect(text(try read(files, tables: ["SRAT": srat])) == ["0x5d0000000-0x5efffffff"])
        let cut = try read(files, tables: ["SRAT": srat, "HMAT": hmat])
        #expect(text(cut) == ["0x5d0000000-0x5dfffffff", "0x5e0000000-0x5efffffff"])
        #expect(cut.allSatisfy { $0.sources == ["/sys/firmware/memmap/0"] })
    }

    @Test("a proximity range that reaches out is the HMEM range; bytes that none has are in no HMEM range")
    func proximityUnits() throws {
        let files = firmware([("0x5d0000000", "0x5efffffff", "Soft Reserved")])
        let tables = [
            "SRAT": TableBytes.srat(TableBytes.memory(domain: 1, base: 0x5_c000_0000, size: 512 << 20)),
            "HMAT": TableBytes.table("HMAT", []),
        ]
        let found = try read(files, tables: tables)
        #expect(text(found) == ["0x5d0000000-0x5dfffffff", "0x5e0000000-0x5efffffff"])
        #expect(found.map { $0.hmemRange?.description } == ["0x5c0000000-0x5dfffffff", nil])

        // Kernels with the lines pass over a range that also has other memory.
        let iomem = "5c0000000-5cfffffff : System RAM\n5d0000000-5efffffff : Soft Reserved\n"
        let passedOver = try read(files, iomem: iomem, tables: tables)
        #expect(!passedOver.isEmpty && passedOver.allSatisfy { $0.hmemRange == nil })
    }

    @Test(
        "numa= as the kernel reads it: off leaves the tables on",
        arguments: [
            ("numa=off", true), ("quiet numa=off,x", true), ("numa=fake=4", true), ("-- numa=nohmat", true),
            ("xnuma=nohmat", true), ("numa=nohmat", false), ("quiet numa=noacpi,x", false), ("\"numa=nohmats\"", false),
        ]
    )
    func numa(line: String, counts: Bool) throws {
        let files = firmware([("0x5d0000000", "0x5efffffff", "Soft Reserved")])
        let found = try read(files, commandLine: line, tables: Self.halves(revision: 2))
        #expect(found.count == (counts ? 2 : 1))
        #expect(found.map(\.hmemRange) == found.map(\.range))
    }

    @Test("an HMAT of a revision that the kernel does not know counts for nothing", arguments: [0, 1, 2, 3] as [UInt8])
    func revision(number: UInt8) throws {
        let files = firmware([("0x5d0000000", "0x5efffffff", "Soft Reserved")])
        let found = try read(files, tables: Self.halves(revision: number))
        #expect(found.count == ([1, 2].contains(number) ? 2 : 1))
    }

    /// Tables that make two HMEM ranges of the one Soft Reserved range.
    private static func halves(revision: UInt8) -> [String: [UInt8]] {
        [
            "SRAT": TableBytes.srat(
                TableBytes.memory(domain: 1, base: 0x5_d000_0000, size: 256 << 20)
                    + TableBytes.memory(domain: 2, base: 0x5_e000_0000, size: 256 << 20)
            ),
            "HMAT": TableBytes.table("HMAT", [], revision: revision),
        ]
    }

    /// An hmem device over 512 MiB at 0x700000000, on a machine that has the lab's range.
    private func held(_ files: [String: String]) throws -> [SoftReservedRange] {
        var tree = FakeTree(
            files.merging(firmware([("0x5d0000000", "0x5efffffff", "Soft Reserved")])) { own, _ in own }
        )
        tree["/proc/iomem"] = Self.bare
        let place = "/sys/devices/platform/hmem_platform.0/hmem.1"
        tree["\(place)/dax1.0/size"] = "536870912\n"
        tree["\(place)/dax1.0/resource"] = "0x700000000\n"
        tree.links["/sys/bus/platform/devices/hmem.1"] = place
        tree.links["/sys/bus/dax/devices/dax1.0"] = "\(place)/dax1.0"
        return try Inspector(tree: tree, log: FakeLog()).read().softReserved
    }

    @Test("what dax_hmem holds beyond the known ranges is one, with the device as its source") func heldByHmem() throws
    {
        let found = try held([:])
        #expect(text(found) == ["0x5d0000000-0x5efffffff", "0x700000000-0x71fffffff"])
        #expect(found.last?.sources == ["/sys/bus/dax/devices/dax1.0"])
        #expect(found.last?.hmemRange == found.last?.range)
        let known = try held(["/proc/cmdline": "memmap=1G%0x700000000+0xefffffff\n"])
        #expect(text(known) == ["0x5d0000000-0x5efffffff", "0x700000000-0x73fffffff"])
        let part = try held(["/proc/cmdline": "memmap=256M%0x700000000+0xefffffff\n"])
        #expect(text(part) == ["0x5d0000000-0x5efffffff", "0x700000000-0x70fffffff", "0x710000000-0x71fffffff"])
    }

    @Test("efi=nosoftreserve") func noSoftReserve() throws {
        let line =
            "[    0.0] efi: mem17: [Conventional Memory|   |  |SP|  |  |WB|WT|WC|UC] range=[0x00000005d0000000-0x00000005efffffff] (512MB)"
        #expect(try read(log: [line]).count == 1)
        #expect(try read(commandLine: "efi=debug,nosoftreserve", log: [line]).isEmpty)
    }
}
