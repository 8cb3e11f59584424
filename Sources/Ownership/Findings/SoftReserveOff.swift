import Machine

extension Examination {
    /// The kernel takes "specific purpose" memory as ordinary memory.
    var softReserveOff: [Finding] {
        let options = machine.kernel.commandLine.parameters.filter { $0.name == "efi" }
            .flatMap { $0.value?.split(separator: ",") ?? [] }
        if options.contains("nosoftreserve") {
            return [
                Finding(
                    .softReserveOff,
                    subject: "efi=nosoftreserve",
                    what:
                        "efi=nosoftreserve is on the kernel command line: the kernel uses \"specific purpose\" memory as "
                        + "ordinary System RAM, so no driver can own it.",
                    evidence: ["/proc/cmdline: efi=nosoftreserve"],
                    fix: "remove efi=nosoftreserve from the kernel command line and reboot"
                )
            ]
        }
        guard let file = machine.softReserveIsOff else { return [] }
        return [
            Finding(
                .softReserveOff,
                subject: "CONFIG_EFI_SOFT_RESERVE",
                what:
                    "This kernel was built without CONFIG_EFI_SOFT_RESERVE: it uses \"specific purpose\" memory as ordinary "
                    + "System RAM, so no driver can own it.",
                evidence: ["\(file): # CONFIG_EFI_SOFT_RESERVE is not set"],
                fix: "boot a kernel with CONFIG_EFI_SOFT_RESERVE=y"
            )
        ]
    }
}
