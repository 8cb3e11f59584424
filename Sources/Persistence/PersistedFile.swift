import Inspection
package import Machine

/// A file that makes a choice hold from the next boot on. The texts hold on every kernel: the next boot may be another's.
package struct PersistedFile: Sendable, Equatable {
    /// Where it lies.
    package let path: String
    /// All of it.
    package let text: String

    /// The paths that daxswitch writes, whatever the choice and the builder.
    package static let paths = [Inspector.persistedPath, dracutPath, grubPath]

    private static let dracutPath = "/etc/dracut.conf.d/01-daxswitch.conf"
    private static let grubPath = "/etc/default/grub.d/99-daxswitch.cfg"

    /// How the first line of each of them begins.
    static let mark = "# daxswitch persist"

    private static let advice =
        "# `daxswitch persist --clear` removes this file; one that was edited it leaves alone.\n"

    /// The files for `choice` where `builder` makes the initramfs, and `loader` has the parameter for it.
    ///
    /// initramfs-tools takes every `/etc/modprobe.d/*.conf` (mkinitramfs); dracut does so only for an image for this host
    /// alone (90kernel-modules/module-setup.sh), so it is told.
    package static func wanted(
        for choice: BootChoice,
        builder: InitramfsBuilder?,
        loader: BootLoader? = nil
    ) -> [PersistedFile] {
        let modprobe = PersistedFile(path: Inspector.persistedPath, text: modprobeText(choice, loader))
        return [modprobe]
            + (builder == .dracut ? [PersistedFile(path: dracutPath, text: dracutText)] : [])
            + (loader == .grub ? [PersistedFile(path: grubPath, text: grubText)] : [])
    }

    /// Every text that daxswitch has ever written to `path`; a release that changes one keeps the former here.
    static func known(at path: String) -> [String] {
        switch path {
        case dracutPath: [dracutText]
        case grubPath: [grubText]
        default:
            BootChoice.allCases.map { modprobeText($0, nil) }
                + [hmemSummary, formerHmemSummary].flatMap { summary in
                    ([nil] + BootLoader.allCases).map { modprobeText(.hmem, $0, hmemSummary: summary) }
                }
        }
    }

    /// The boot loader that was told of the choice, as the text of the file for modprobe says; nil where none was.
    static func loader(namedIn text: String?) -> BootLoader? {
        BootLoader.allCases.first { loader in text?.contains(mention(loader)) == true }
    }

    private static func mention(_ loader: BootLoader) -> String {
        "# The boot loader has \(BootLoader.parameter) for it, by \(loader.rawValue).\n"
    }

    private static let hmemSummary = "cxl_acpi is never loaded, and dax_hmem owns every Soft Reserved range."
    /// Until 0.1.0.
    private static let formerHmemSummary = "cxl_acpi is never loaded, so that dax_hmem owns the Soft Reserved memory."

    private static func modprobeText(
        _ choice: BootChoice,
        _ loader: BootLoader?,
        hmemSummary: String = hmemSummary
    ) -> String {
        switch choice {
        case .hmem:
            """
            \(mark) hmem: \(hmemSummary)
            \(loader.map(mention) ?? "")\(advice)#
            # libkmod ignores install lines of a module that has soft dependencies, and cxl_acpi has one. An empty softdep line
            # takes their place, as this file's name sorts before modules.softdep, and the install line counts.
            softdep cxl_acpi pre:
            install cxl_acpi /bin/false

            """
        case .cxl:
            """
            \(mark) cxl: the CXL drivers own what a region covers, dax_hmem the rest.
            \(advice)#
            # dax_hmem decides when it is loaded: windows and regions are to be there before, in an initramfs too. Before
            # 7.1 a persistent region that is assembled without cxl_pmem makes the kernel die when cxl_pmem comes.
            softdep dax_hmem pre: cxl_pmem cxl_acpi cxl_pci cxl_mem

            """
        }
    }

    private static let grubText = """
        \(mark) hmem: cxl_acpi, a part of the kernel image, is left out, so dax_hmem owns the Soft Reserved memory.
        \(advice)# update-grub reads it. The kernel takes every initcall_blacklist= on its command line.
        GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX \(BootLoader.parameter)"

        """

    private static let dracutText = """
        \(mark): the initramfs gets the configuration of modprobe also where it is not made for this host alone.
        \(advice)install_items+=" \(Inspector.persistedPath) "

        """
}

/// A choice on the kernel command line, for systems whose files don't last. Pure.
///
/// `module_blacklist=` is heeded by the kernel itself (kernel/module/main.c: blacklisted()), so neither modprobe nor
/// udev counts, and `initcall_blacklist=` for what is part of its image; `modules_load=` by systemd-modules-load.service(8).
package struct CommandLineChoice: Sendable, Equatable {
    /// What is to hold.
    package let choice: BootChoice
    /// `cxl_acpi` is part of the kernel image.
    private let isBuiltin: Bool

    /// The words for `choice` on `machine`.
    package init(_ choice: BootChoice, on machine: MachineState) {
        self.choice = choice
        isBuiltin = machine.hasBuiltinCxlAcpi
    }

    /// What to put on the kernel command line. Before 7.1 a `cxl_pmem` that comes late makes the kernel die.
    package var option: String {
        switch choice {
        case .hmem: isBuiltin ? BootLoader.parameter : "module_blacklist=cxl_acpi"
        case .cxl: "modules_load=cxl_pmem,cxl_acpi,cxl_pci,cxl_mem"
        }
    }

    /// Whether it is on the command line that `machine` was booted with, and counts.
    package func isInForce(on machine: MachineState) -> Bool {
        switch choice {
        case .hmem:
            let line = machine.kernel.commandLine
            return isBuiltin ? line.leavesOut("cxl_acpi") : line.barredModules.contains("cxl_acpi")
        case .cxl:
            let loaded = machine.kernel.commandLine.modulesLoadedAtBoot
            guard let bridge = loaded.firstIndex(of: "cxl_pmem"), let last = loaded.firstIndex(of: "cxl_mem") else {
                return false
            }
            return bridge < last && ["cxl_acpi", "cxl_pci"].allSatisfy(loaded.contains)
        }
    }
}
