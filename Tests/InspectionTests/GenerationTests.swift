import Foundation
import Inspection
import Iomem
import Machine
import TestCaptures
import Testing

/// The generation, from each feature by itself and from all of them.
@Suite struct GenerationTests {
    private static let hidden = [
        "/proc/iomem": "00100000-3ffdffff : System RAM\n",
        "/sys/firmware/memmap/0/start": "0x5d0000000\n", "/sys/firmware/memmap/0/end": "0x5efffffff\n",
        "/sys/firmware/memmap/0/type": "Soft Reserved\n",
    ]
    private static let directory = "/lib/modules/6.12.107"
    private static let hmem = "kernel/drivers/dax/hmem/dax_hmem.ko"
    private static let coordinated = "\(hmem):\nkernel/drivers/dax/dax_cxl.ko: \(hmem)\n"

    private func generation(
        _ files: [String: String],
        log: [String]? = nil,
        links: [String: String] = [:]
    ) throws -> Inferred<Generation?> {
        try kernel(files, log: log, links: links).generation
    }

    private func kernel(
        _ files: [String: String],
        log: [String]? = nil,
        links: [String: String] = [:]
    ) throws -> Kernel {
        var tree = FakeTree(files)
        tree.links = links
        return try Inspector(tree: tree, log: FakeLog(log)).read().kernel
    }

    @Test("with the module lists of their kernel, captures give the same", arguments: TestCaptures.kernels)
    func withModules(kernel: String) throws {
        for scenario in TestCaptures.scenarios(kernel: kernel).prefix(3) {
            let root = try #require(TestCaptures.roots(kernel: kernel, scenario: scenario).first)
            let copy = try TestCaptures.copyWithModules(root)
            let state = try Inspector(root: copy.path).read()
            let expected: Generation =
                kernel.hasPrefix("6.1.") ? .hmemOnly : kernel.hasPrefix("6.") ? .deferring : .coordinated
            #expect(state.kernel.generation.value == expected, "\(root): \(state.kernel.generation.evidence)")
            #expect(state.kernel.generation.evidence.contains { $0.contains("modules.dep") })
            // Debian has these in the image; where they are modules, the others need them.
            let isModular = state.modules.dependencies?["cxl_core"] != nil
            let core: Set = ["cxl_core", "cxl_port"]
            #expect(state.modules.builtin.contains("dax"))
            #expect(state.modules.builtin.intersection(core) == (isModular ? [] : core))
            let modules = try String(contentsOf: copy.url("/proc/modules"), encoding: .utf8)
            let isLoaded = modules.split(separator: "\n").contains { $0.hasPrefix("dax_cxl ") }
            let standing: ModuleStanding = kernel.hasPrefix("6.1.") ? .missing : isLoaded ? .live : .absent
            #expect(state.modules.state(of: "dax_cxl") == standing, "\(root)")
            // Where cxl_acpi is in the image, the line is not compiled in.
            if kernel.hasPrefix("6.12") && !kernel.contains("-builtin") {
                #expect(state.modules.softDependencies?["dax_hmem"] == ["cxl_acpi"])
            }
            if kernel.contains("-builtin") {
                #expect(state.modules.dependencies?["cxl_acpi"] == nil && state.modules.builtin.contains("cxl_acpi"))
            } else if kernel.hasPrefix("7.3") {
                let needs = Set(state.modules.dependencies?["cxl_acpi"] ?? [])
                let expected: Set = ["cxl_pmem", "libnvdimm"]
                #expect(isModular ? needs.isSuperset(of: expected.union(["cxl_core"])) : needs == expected)
            }
        }
    }

    @Test("modules.dep decides, whatever the release") func dependencies() throws {
        let list = "\(Self.directory)/modules.dep"
        let soft = "\(Self.directory)/modules.softdep"
        #expect(try generation([list: "\(Self.hmem):\n", soft: ""]).value == .hmemOnly)
        #expect(try generation([list: "\(Self.hmem):\nkernel/drivers/dax/dax_cxl.ko:\n"]).value == .deferring)
        #expect(try generation([list: "kernel/fs/ext4.ko:\n"]).value == .deferring, "by the lines in iomem")
    }

    @Test("without dax_cxl: 6.3 to 7.0 defer anyway, as the soft dependency shows; later kernels don't")
    func withoutDaxCxl() throws {
        let files = ["\(Self.directory)/modules.dep": "\(Self.hmem):\n"]
        let soft = "\(Self.directory)/modules.softdep"
        let defers = files.merging([soft: "softdep dax_hmem pre: cxl_acpi\n"]) { first, _ in first }
        #expect(try generation(defers).value == .deferring)
        let links = ["/sys/bus/platform/devices/hmem.0": "/sys/devices/platform/hmem_platform.0/hmem.0"]
        let owns = files.merging([soft: ""]) { first, _ in first }.merging(Self.hidden) { first, _ in first }
        #expect(try generation(owns, links: links).value == .hmemOnly)
        // Without the list of soft dependencies, the missing lines and the release decide.
        let hidden = files.merging(Self.hidden) { first, _ in first }
        for (release, expected) in [("7.3.4", Generation.hmemOnly), ("7.0.9", .deferring)] {
            var moved = hidden.filter { $0.key != "\(Self.directory)/modules.dep" }
            moved["/proc/sys/kernel/osrelease"] = release + "\n"
            moved["/lib/modules/\(release)/modules.dep"] = "\(Self.hmem):\n"
            #expect(try generation(moved).value == expected)
        }
    }

    @Test("without dax_cxl and with a cxl_acpi in the kernel image, no soft dependency says nothing")
    func builtinAcpi() throws {
        let files = [
            "\(Self.directory)/modules.dep": "\(Self.hmem):\n", "\(Self.directory)/modules.softdep": "",
            "\(Self.directory)/modules.builtin": "kernel/drivers/cxl/cxl_acpi.ko\n",
        ]
        #expect(try generation(files).value == .deferring, "by the lines in iomem")
    }

    @Test("with dax_hmem in the kernel image, modules.dep can't list it as a dependency of dax_cxl")
    func builtinHmem() throws {
        let release = "7.3.4"
        var files = Self.hidden
        files["/proc/sys/kernel/osrelease"] = "\(release)\n"
        files["/lib/modules/\(release)/modules.dep"] = "kernel/drivers/dax/dax_cxl.ko:\n"
        files["/lib/modules/\(release)/modules.builtin"] = "\(Self.hmem)\n"
        #expect(try generation(files).value == .coordinated, "by the missing lines and the release")
        files["/sys/devices/platform/hmem_platform.0/hmem.0/modalias"] = ""
        let links = ["/sys/bus/platform/devices/hmem.0": "/sys/devices/platform/hmem_platform.0/hmem.0"]
        #expect(try generation(files, links: links).value == .coordinated)
    }

    @Test("with dax_hmem in the kernel image, the kernel's list of symbols tells")
    func builtinSymbols() throws {
        var files = [
            "\(Self.directory)/modules.dep": "kernel/drivers/dax/dax_cxl.ko:\n",
            "\(Self.directory)/modules.builtin": "\(Self.hmem)\n",
            "/proc/kallsyms": "0000000000000000 t dax_hmem_probe\n",
        ]
        #expect(try generation(files).value == .deferring)
        files["/proc/kallsyms"]? +=
            "0000000000000000 T dax_hmem_flush_work\n0000000000000000 b dax_hmem_initial_probe\n"
        #expect(try generation(files).value == .unfixed, "a backport")
    }

    @Test("a backport: the text in dax_hmem tells which") func backport() throws {
        let list = "\(Self.directory)/modules.dep"
        let module = "\(Self.directory)/\(Self.hmem)"
        let files = [list: Self.coordinated]
        let undecided = try generation(files)
        #expect(undecided.value == nil)
        #expect(undecided.evidence.contains { $0.contains("is missing") })
        let fixed = "\u{7f}ELF deferring range to CXL: %pr await CXL initial probe: %pr"
        #expect(try generation(files.merging([module: fixed]) { $1 }).value == .coordinated)
        let unfixed = "\u{7f}ELF deferring range to CXL: %pr"
        #expect(try generation(files.merging([module: unfixed]) { $1 }).value == .unfixed)
        #expect(
            try generation(files.merging([module: "\u{7f}ELF"]) { $1 }).value == nil,
            "built without the debug messages"
        )
        let symbols = ["/proc/kallsyms": "0000000000000000 B dax_hmem_initial_probe\n"]
        #expect(try generation(files.merging(symbols) { $1 }).value == .unfixed)
        let log = ["[    9.1] hmem_platform hmem_platform.0: await CXL initial probe: [mem 0x5d0000000-0x5efffffff]"]
        #expect(try generation(files, log: log).value == .coordinated)
        let packed = try generation([list: Self.coordinated.replacing(".ko", with: ".ko.xz")])
        #expect(packed.value == nil && packed.evidence.contains { $0.contains("compressed") })
        let release = ["/proc/sys/kernel/osrelease": "7.3.4\n", "/lib/modules/7.3.4/modules.dep": Self.coordinated]
        #expect(try generation(release).value == .coordinated)
    }

    @Test("loaded modules") func loaded() throws {
        let apart = "dax_cxl 12288 0 - Live 0x0\ndax_hmem 20480 0 - Live 0x0\n"
        #expect(try generation(["/proc/modules": apart]).value == .deferring)
        let together = "dax_cxl 12288 0 - Live 0x0\ndax_hmem 20480 1 dax_cxl, Live 0x0\n"
        var files = Self.hidden
        files["/proc/modules"] = together
        files["/proc/sys/kernel/osrelease"] = "7.1.0\n"
        #expect(try generation(files).value == .coordinated)
        let loading = "dax_cxl 12288 0 - Loading 0x0\ndax_hmem 20480 0 - Live 0x0\n"
        files["/proc/modules"] = loading
        #expect(
            try generation(files).value == .coordinated,
            "a module that is being loaded is not listed as a user yet"
        )
    }

    @Test("features that contradict each other decide nothing, and are all shown") func contradiction() throws {
        let found = try generation([
            "\(Self.directory)/modules.dep": Self.coordinated,
            "\(Self.directory)/modules.softdep": "softdep dax_hmem pre: cxl_acpi\n",
        ])
        #expect(found.value == nil)
        #expect(found.evidence.contains { $0.contains("modules.dep") })
        #expect(found.evidence.contains { $0.contains("modules.softdep") })
        #expect(found.evidence.last?.contains("contradict") == true)
    }

    /// Modules as on a vendor's kernel: no dependency, no soft dependency, though all are modules.
    private static let apart = [
        "\(directory)/modules.dep": "\(hmem):\nkernel/drivers/cxl/cxl_acpi.ko:\nkernel/drivers/dax/dax_cxl.ko:\n",
        "\(directory)/modules.softdep": "softdep cxl_acpi pre: cxl_port\n",
        "\(directory)/modules.builtin": "kernel/drivers/dax/dax.ko\n",
    ]
    private static let warning =
        "[   31.0] hmem_platform hmem_platform.0: Soft Reserved not fully contained in CXL; using HMEM"

    @Test(
        "a vendor's kernel is told by a symbol, by dax_hmem's file, or by its warning, with the version of the series",
        arguments: [
            (["/proc/kallsyms": "0000000000000000 D dax_cxl_mode\n"], nil, nil),
            (
                [
                    "/proc/kallsyms":
                        "0000000000000000 D dax_cxl_mode\n0000000000000000 t cxl_region_teardown_all\t[cxl_core]\n"
                ], nil, true
            ),
            (
                ["/proc/kallsyms": "0000000000000000 D dax_cxl_mode\n0000000000000000 T dax_hmem_register_work\n"], nil,
                false
            ),
            (["\(directory)/\(hmem)": "\u{7f}ELF dax_cxl_mode"], nil, nil),
            (["\(directory)/\(hmem)": "\u{7f}ELF Soft Reserved not fully contained in CXL; using HMEM"], nil, false),
            ([:], [warning], false),
        ] as [([String: String], [String]?, Bool?)]
    )
    func vendors(files: [String: String], log: [String]?, waits: Bool?) throws {
        let found = try kernel(Self.apart.merging(files) { $1 }, log: log)
        #expect(found.generation.value == .allOrNothing, "\(found.generation.evidence)")
        #expect(found.claimsAwaitMode == waits)
    }

    @Test("without a mark, a kernel that only a vendor builds so is unknown, whatever its release")
    func withoutMark() throws {
        for release in ["7.0.0-2008-nvidia", "6.17.0-1014-nvidia", "7.0.4", "6.12.107"] {
            let moved = Dictionary(
                uniqueKeysWithValues: Self.apart.map {
                    ($0.replacing(Self.directory, with: "/lib/modules/\(release)"), $1)
                }
            )
            let found = try generation(
                Self.hidden.merging(moved) { $1 }.merging(["/proc/sys/kernel/osrelease": release + "\n"]) { $1 }
            )
            #expect(found.value == nil, "\(release)")
            #expect(found.evidence.last?.contains("all-or-nothing") == true)
        }
    }

    @Test("a line that a user wrote into the kernel log is no mark")
    func forgedWarning() throws {
        for line in [
            "[   31.0] sh[12]: \(Self.warning.dropFirst(11))",
            "[   31.0] hmem_platform x: Soft Reserved not fully contained in CXL; using HMEM",
            "[   31.0] hmem_platform hmem_platform.0: Soft Reserved not fully contained in CXL; using HMEM now",
        ] {
            #expect(try generation(Self.apart, log: [line]).value == nil, "\(line)")
        }
    }

    @Test("a vendor's mark with a mark of another generation: unknown, and both are shown")
    func contradictingMarks() throws {
        let soft = ["\(Self.directory)/modules.softdep": "softdep dax_hmem pre: cxl_acpi\n"]
        let needing = ["\(Self.directory)/modules.dep": Self.coordinated]
        for other in [soft, needing] {
            let found = try generation(Self.apart.merging(other) { $1 }, log: [Self.warning])
            #expect(found.value == nil, "\(other)")
            #expect(found.evidence.contains { $0.contains("using HMEM") })
            #expect(found.evidence.last?.contains("contradict") == true)
        }
        let log = [
            Self.warning,
            "[    9.1] hmem_platform hmem_platform.0: await CXL initial probe: [mem 0x5d0000000-0x5efffffff]",
        ]
        #expect(try generation(Self.apart, log: log).value == nil)
    }

    @Test("symbols and files without a vendor's mark leave what else is possible")
    func contrary() throws {
        // cxl_acpi is built in, so there is no soft dependency: a vendor's kernel would show the same.
        let release = "7.0.0-4-cloud"
        let directory = "/lib/modules/\(release)"
        var files = Self.hidden
        files["/proc/sys/kernel/osrelease"] = "\(release)\n"
        files["\(directory)/modules.dep"] = "\(Self.hmem):\nkernel/drivers/dax/dax_cxl.ko:\n"
        files["\(directory)/modules.softdep"] = ""
        files["\(directory)/modules.builtin"] = "kernel/drivers/cxl/cxl_acpi.ko\nkernel/drivers/dax/dax.ko\n"
        #expect(try generation(files).value == nil)
        let symbols = ["/proc/kallsyms": "0000000000000000 D init_task\n0000000000000000 t dax_region_put\n"]
        #expect(try generation(files.merging(symbols) { $1 }).value == .deferring)
        let functions = ["/proc/kallsyms": "0000000000000000 t dax_region_put\n"]
        #expect(try generation(files.merging(functions) { $1 }).value == nil, "the list has functions only")
        let module = ["\(directory)/\(Self.hmem)": "\u{7f}ELF walk_hmem_resources"]
        #expect(try generation(files.merging(module) { $1 }).value == .deferring)
    }

    @Test("Soft Reserved lines: a vendor's kernel has those that dax_hmem holds, a plain one all of them")
    func heldLines() throws {
        let release = "6.17.0-1014-nvidia"
        var files = [
            "/proc/sys/kernel/osrelease": "\(release)\n",
            "/lib/modules/\(release)/modules.dep": "\(Self.hmem):\nkernel/drivers/dax/dax_cxl.ko:\n",
            "/lib/modules/\(release)/modules.builtin": "kernel/drivers/cxl/cxl_acpi.ko\n",
        ]
        #expect(try generation(files).value == .deferring)
        let device = "/sys/devices/platform/hmem.0/dax0.0"
        files["\(device)/resource"] = "0x5d0000000\n"
        files["\(device)/size"] = "536870912\n"
        let links = [
            "/sys/bus/dax/devices/dax0.0": device,
            "/sys/bus/platform/devices/hmem.0": "/sys/devices/platform/hmem.0",
        ]
        #expect(try generation(files, links: links).value == nil)
        files["/proc/sys/kernel/osrelease"] = "6.18.15+deb13-amd64\n"
        #expect(try generation(files, links: links).value == .deferring, "nothing speaks of the vendor")
    }

    @Test("hmem devices") func devices() throws {
        var files = Self.hidden
        files["/proc/sys/kernel/osrelease"] = "7.2.0\n"
        files["/sys/devices/platform/hmem_platform.0/hmem.0/modalias"] = ""
        let links = ["/sys/bus/platform/devices/hmem.0": "/sys/devices/platform/hmem_platform.0/hmem.0"]
        let found = try generation(files, links: links)
        #expect(found.value == .coordinated && found.evidence.first?.contains("hmem_platform.0") == true)
    }

    @Test(
        "the dialect of iomem, and with it the release",
        arguments: [
            ("7.3.4+deb13-amd64", .coordinated), ("7.1.0-rc1", .coordinated), ("7.0.9", .deferring), ("6.12.107", nil),
            ("7.0.0-2008-nvidia", nil),
            ("strange", nil), ("8.0", .coordinated),
        ] as [(String, Generation?)]
    )
    func dialect(release: String, expected: Generation?) throws {
        let found = try generation(Self.hidden.merging(["/proc/sys/kernel/osrelease": release + "\n"]) { $1 })
        #expect(found.value == expected)
        #expect(found.evidence.joined().contains(release))
    }

    @Test("lines in iomem") func lines() throws {
        #expect(try generation([:]).value == .deferring)
        let old = "5d0000000-5efffffff : hmem.0\n  5d0000000-5efffffff : Soft Reserved\n"
        #expect(try generation(["/proc/iomem": old]).value == .hmemOnly)
        #expect(try generation(["/proc/sys/kernel/osrelease": "7.3.0\n"]).value == nil, "not x86: both are possible")
        #expect(try generation(["/proc/iomem": "00100000-3ffdffff : System RAM\n"]).value == nil)
    }
}
