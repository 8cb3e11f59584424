import Inspection
import Machine
import Testing

/// What the host's own configuration says to modprobe.
@Suite struct ModprobeTests {
    private func read(_ files: [String: String], softdep: String? = nil) throws -> ModprobeSettings {
        var tree = FakeTree(files)
        tree["/lib/modules/6.12.107/modules.softdep"] = softdep
        return try Inspector(tree: tree, log: FakeLog()).read().modprobe
    }

    private static let depmod = "softdep cxl_acpi pre: cxl_port\nsoftdep dax_hmem pre: cxl_acpi\n"

    @Test(
        "what keeps cxl_acpi out, as kmod was seen to take it",
        arguments: [
            ("00-a.conf", "alias cxl_acpi off", true), ("zz.conf", "alias cxl-acpi off", true),
            ("00-a.conf", "softdep cxl_acpi pre:\ninstall cxl_acpi /bin/false", true),
            ("00-a.conf", "install cxl-acpi   /usr/bin/true\n# a note\nsoftdep cxl_acpi \\\n  pre:", true),
            ("zz.conf", "softdep cxl_acpi pre:\ninstall cxl_acpi /bin/false", false),
            ("00-a.conf", "install cxl_acpi /bin/false", false), ("00-a.conf", "blacklist cxl_acpi", false),
            ("00-a.conf", "softdep cxl_acpi pre: cxl_pmem\ninstall cxl_acpi /bin/false", false),
            ("00-a.conf", "# alias cxl_acpi off", false), ("00-a.conf", "alias cxl_acpi cxl_acpi", false),
            ("00-a.conf", "alias cxl_acpi", false), ("00-a.conf", "remove cxl_acpi /bin/false", false),
            ("00-a.txt", "alias cxl_acpi off", false),
        ]
    )
    func acpi(name: String, text: String, isKeptOut: Bool) throws {
        let found = try read(["/etc/modprobe.d/\(name)": text + "\n"], softdep: Self.depmod)
        #expect(found.keptOut.keys.contains("cxl_acpi") == isKeptOut)
        #expect(found.doubtful.isEmpty)
    }

    @Test(
        "what counts for each module: the first line of most keywords, all options; patterns only where libkmod takes some"
    )
    func settings() throws {
        let found = try read([
            "/etc/modprobe.d/a.conf": """
            blacklist cxl-acpi
            blacklist dax_*
            blacklist ext4
            options dax_hmem region_idle=1
            install cxl_p?? /bin/false
            """,
            "/etc/modprobe.d/b.conf": """
            options dax-hmem  verbose=2
            install cxl_pci /bin/true
            softdep dax_hmem pre: cxl_acpi
            """,
        ])
        #expect(
            found.settings.map { "\($0.keyword) \($0.module): \($0.value) \($0.line.path):\($0.line.number)" } == [
                "blacklist cxl_acpi:  /etc/modprobe.d/a.conf:1",
                "install cxl_pci: /bin/false /etc/modprobe.d/a.conf:5",
                "options dax_hmem: region_idle=1 verbose=2 /etc/modprobe.d/a.conf:4",
                "softdep dax_hmem: pre: cxl_acpi /etc/modprobe.d/b.conf:3",
            ]
        )
    }

    @Test("the line is named") func named() throws {
        let found = try read(["/run/modprobe.d/00-lab.conf": "# lab\n\nalias  cxl_acpi off\n"])
        #expect(found.keptOut["cxl_acpi"]?.description == "/run/modprobe.d/00-lab.conf:3 (alias cxl_acpi off)")
    }

    @Test(
        "what leaves it open",
        arguments: [
            "softdep cxl_acpi pre:\ninstall cxl_acpi /sbin/modprobe --ignore-install cxl_acpi",
            "softdep cxl_acpi pre:\ninstall cxl_acpi /bin/false; true", "alias cxl_* other",
        ]
    )
    func doubtful(text: String) throws {
        let found = try read(["/etc/modprobe.d/00-a.conf": text + "\n"], softdep: Self.depmod)
        #expect(found.keptOut.isEmpty && found.doubtful.keys.contains("cxl_acpi"))
        let unlisted = try read(["/etc/modprobe.d/00-a.conf": "install cxl_acpi /bin/false\n"])
        #expect(unlisted.doubtful.keys.sorted() == ["cxl_acpi"], "depmod's list is not there")
    }

    @Test("cxl_pci has no soft dependencies: its command counts") func pci() throws {
        let found = try read(["/usr/lib/modprobe.d/x.conf": "install cxl_pci /bin/false\n"], softdep: Self.depmod)
        #expect(found.keptOut.keys.sorted() == ["cxl_pci"])
    }

    @Test("of two files of one name the first directory's counts, and daxswitch's own files are not the host's")
    func directories() throws {
        let off = "alias cxl_acpi off\n"
        #expect(
            try read(["/etc/modprobe.d/a.conf": "# nothing\n", "/usr/lib/modprobe.d/a.conf": off]).keptOut.isEmpty
        )
        #expect(try read(["/run/modprobe.d/a.conf": off, "/lib/modprobe.d/a.conf": ""]).keptOut.count == 1)
        let own = "softdep cxl_acpi pre:\ninstall cxl_acpi /bin/false\n"
        let found = try read([Inspector.holdPath: own, Inspector.persistedPath: own])
        #expect(found.settings.isEmpty && found.keptOut.isEmpty && found.doubtful.isEmpty)
        #expect(found.hmemSoftDependencies == nil)
    }

    @Test("a soft dependency of dax_hmem that counts before depmod's") func hmem() throws {
        let empty = ["/etc/modprobe.d/00-a.conf": "softdep dax_hmem pre:\n"]
        #expect(try read(empty, softdep: Self.depmod).hmemSoftDependencies == [])
        let late = ["/etc/modprobe.d/zz.conf": "softdep dax_hmem pre:\n"]
        #expect(try read(late, softdep: Self.depmod).hmemSoftDependencies == nil)
        let own = ["/etc/modprobe.d/zz.conf": "softdep dax_hmem pre: cxl-acpi cxl_pci post: kmem\n"]
        #expect(try read(own, softdep: "").hmemSoftDependencies == ["cxl_acpi", "cxl_pci"])
    }

    @Test(
        "the kernel's helper",
        arguments: [
            ("/sbin/modprobe", true, nil), ("/usr/sbin/modprobe", true, nil), ("", false, nil),
            ("/bin/false", false, nil), ("/usr/bin/false", false, nil), ("/usr/bin/true", false, nil),
            ("/usr/local/sbin/loader", true, "/usr/local/sbin/loader"),
        ] as [(String, Bool, String?)]
    )
    func helper(path: String, loads: Bool, unknown: String?) throws {
        let kernel = try Inspector(tree: FakeTree(["/proc/sys/kernel/modprobe": path + "\n"]), log: FakeLog()).read()
            .kernel
        #expect(kernel.hasModuleHelper == loads && kernel.unknownModuleHelper == unknown)
    }
}
