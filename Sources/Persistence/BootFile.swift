import Inspection
package import Machine

/// A file that makes a choice hold from the next boot on. The texts hold on every kernel: the next boot may be another's.
package struct BootFile: Sendable, Equatable {
    /// Where it lies.
    package let path: String
    /// All of it.
    package let text: String

    /// The paths that daxswitch writes, whatever the choice and the builder.
    package static let paths = [Inspector.persistedPath, dracutPath]

    private static let dracutPath = "/etc/dracut.conf.d/01-daxswitch.conf"

    /// How the first line of each of them begins.
    static let mark = "# daxswitch persist"

    private static let advice =
        "# `daxswitch persist --clear` removes this file; one that was edited it leaves alone.\n"

    /// The files for `choice` where `builder` makes the initramfs.
    ///
    /// initramfs-tools takes every `/etc/modprobe.d/*.conf` (mkinitramfs); dracut does so only for an image for this host
    /// alone (90kernel-modules/module-setup.sh), so it is told.
    package static func wanted(for choice: BootChoice, builder: InitramfsBuilder?) -> [BootFile] {
        let modprobe = BootFile(path: Inspector.persistedPath, text: modprobeText(choice))
        return builder == .dracut ? [modprobe, BootFile(path: dracutPath, text: dracutText)] : [modprobe]
    }

    /// Every text that daxswitch has ever written to `path`; a release that changes one keeps the former here.
    static func known(at path: String) -> [String] {
        path == dracutPath ? [dracutText] : BootChoice.allCases.map(modprobeText)
    }

    private static func modprobeText(_ choice: BootChoice) -> String {
        switch choice {
        case .hmem:
            """
            \(mark) hmem: cxl_acpi is never loaded, so that dax_hmem owns the Soft Reserved memory.
            \(advice)#
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

    private static let dracutText = """
        \(mark): the initramfs gets the configuration of modprobe also where it is not made for this host alone.
        \(advice)install_items+=" \(Inspector.persistedPath) "

        """
}
