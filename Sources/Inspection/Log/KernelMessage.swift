/// A message of the kernel log that counts as evidence. The table of all of them.
///
/// Each form is one that no unprivileged user can cause: it differs from every message that quotes a process name, a file
/// name or a device's own strings within what the kernel itself puts there.
package struct KernelMessage: Sendable {
    /// Who can cause the message.
    package enum Cause: String, Sendable {
        /// The kernel itself, before it starts the first process.
        case boot = "the kernel, before processes exist"
        /// A driver that root, udev or the kernel loads or binds.
        case driver = "a driver, when root or udev loads or binds it"
        /// A fault of the kernel's own code.
        case fault = "the kernel, for a fault of its own"
        /// Root, who puts the machine to sleep.
        case sleep = "root, when the machine goes to sleep"
    }

    /// What the message is.
    package let id: String
    /// What it looks like, from the first character to the last.
    package let form: MessageForm
    /// The kernel function that prints it.
    package let source: String
    /// Who can cause it.
    package let cause: Cause
    /// How it looks on a real kernel.
    package let example: String

    init(_ id: String, _ cause: Cause, _ source: String, _ example: String, _ parts: [MessageForm.Part]) {
        self.id = id
        self.cause = cause
        self.source = source
        self.example = example
        form = MessageForm(parts)
    }

    /// Everything that the tool takes from a kernel log.
    package static let all = facts + complaints + explanations

    /// What tells something about the machine.
    package static let facts =
        [
            version, commandLine, firmwareMap, firmwareEntry, changedMap, changedEntry, efiEntry, table, bridge,
            decodeRange, takingAll,
            suspend, hibernation,
        ] + probes

    static let version = KernelMessage(
        "version",
        .boot,
        "linux_banner (init/version-timestamp.c)",
        "Linux version 7.3.4 (build@host) (gcc 14.2.0) #1 SMP PREEMPT_DYNAMIC",
        [
            .text("Linux version "), .name, .text(" ("), .name, .text("@"), .through(") ("), .through(") #"), .digits,
            .remainder,
        ]
    )
    static let commandLine = KernelMessage(
        "command-line",
        .boot,
        "start_kernel() (init/main.c)",
        "Kernel command line: quiet",
        [.text("Kernel command line: "), .remainder]
    )
    static let firmwareMap = KernelMessage(
        "firmware-map",
        .boot,
        "e820__memory_setup() (arch/x86/kernel/e820.c)",
        "BIOS-provided physical RAM map:",
        [.text("BIOS-provided physical RAM map:")]
    )
    static let firmwareEntry = KernelMessage(
        "firmware-map-entry",
        .boot,
        "e820__print_table() (arch/x86/kernel/e820.c)",
        "BIOS-e820: [mem 0x00000005d0000000-0x00000005efffffff]  soft reserved",
        [.text("BIOS-e820: "), .resource, .text(" "), .remainder]
    )
    static let changedMap = KernelMessage(
        "changed-map",
        .boot,
        "e820__finish_early_params() (arch/x86/kernel/e820.c)",
        "user-defined physical RAM map:",
        [.text("user-defined physical RAM map:")]
    )
    static let changedEntry = KernelMessage(
        "changed-map-entry",
        .boot,
        "e820__print_table() (arch/x86/kernel/e820.c)",
        "user: [mem 0x00000005d0000000-0x00000005efffffff]  soft reserved",
        [.text("user: "), .resource, .text(" "), .remainder]
    )
    static let efiEntry = KernelMessage(
        "efi-map-entry",
        .boot,
        "efi_print_memmap() (arch/x86/platform/efi/efi.c)",
        "efi: mem17: [Conventional Memory|   |  |SP|  |  |  |  |  |   |WB|WT|WC|UC] "
            + "range=[0x00000005d0000000-0x00000005efffffff] (512MB)",
        [
            .text("efi: mem"), .digits, .text(": ["), .through("] range=["), .address, .text("-"), .address,
            .text("] ("),
            .digits, .text("MB)"),
        ]
    )
    static let table = KernelMessage(
        "acpi-table",
        .boot,
        "acpi_tb_print_table_header() (drivers/acpi/acpica/tbprint.c)",
        "ACPI: CEDT 0x000000003FFE3386 00006C (v01 BOCHS  BXPC     00000001 BXPC 00000001)",
        [
            .text("ACPI: "), .oneOf(["CEDT", "SRAT", "HMAT"]), .text(" "), .address, .text(" "), .hexDigits,
            .text(" (v"),
            .digits, .text(" "), .remainder,
        ]
    )
    /// Printed for each host bridge whenever the driver binds, at a level that no setting keeps out of the log; the windows
    /// are put into iomem in the same call, shortly before. The device has neither driver, bus nor class, so the
    /// message begins with the space behind an empty name. ` (restricted)` follows if the bridge speaks CXL 1.1.
    static let bridge = KernelMessage(
        "host-bridge",
        .driver,
        "add_host_bridge_uport() (drivers/cxl/acpi.c)",
        " pci0000:0c: host supports CXL",
        [
            .name, .text(" pci"), .hexDigits, .text(":"), .hexDigits, .text(": host supports CXL"),
            .oneOf([" (restricted)", ""]),
        ]
    )
    static let decodeRange = KernelMessage(
        "decode-range-failed",
        .driver,
        "cxl_parse_cfmws() (drivers/cxl/acpi.c)",
        "cxl_acpi ACPI0017:00: Failed to add decode range: [0x6d0000000 - 0x6dfffffff] (-6)",
        [
            .name, .text(" ACPI0017:"), .hexDigits, .text(": Failed to add decode range: ["), .address, .text(" - "),
            .address,
            .text("] (-"), .digits, .text(")"),
        ]
    )
    static let takingAll = KernelMessage(
        "taking-all",
        .driver,
        "process_defer_work() (drivers/dax/hmem/hmem.c, version 6 of the series)",
        "hmem_platform hmem_platform.0: Soft Reserved not fully contained in CXL; using HMEM",
        [.name, .text(" hmem_platform."), .digits, .text(": \(LoggedFacts.takingAll)")]
    )
    static let suspend = KernelMessage(
        "suspend",
        .sleep,
        "enter_state() (kernel/power/suspend.c)",
        "PM: suspend entry (deep)",
        [.text("PM: suspend entry ("), .oneOf(["deep", "s2idle", "shallow"]), .text(")")]
    )
    static let hibernation = KernelMessage(
        "hibernation",
        .sleep,
        "hibernate() (kernel/power/hibernate.c)",
        "PM: hibernation: hibernation entry",
        [.text("PM: hibernation: hibernation entry")]
    )

    /// What dax_hmem says, at debug level, about a range that meets a window.
    static let probes = [
        "await CXL initial probe", "deferring range to CXL", "CXL claims resource, dropping",
        "CXL did not claim resource, registering",
    ].map { text in
        KernelMessage(
            "probe: \(text)",
            .driver,
            "hmem_register_device(), hmem_register_cxl_device() (drivers/dax/hmem/hmem.c)",
            "hmem_platform hmem_platform.0: \(text): [mem 0x5d0000000-0x5efffffff flags 0x80000200]",
            [.name, .text(" hmem_platform."), .digits, .text(": \(text): "), .resource]
        )
    }
}
