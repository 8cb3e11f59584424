package import Machine

// How to make a choice for the next boot and how to get there, as the words of a fix.

extension MachineState {
    /// The command that makes `choice` hold from the next boot on. What is part of the kernel image is left out by the kernel's
    /// command line, which the boot loader must be told.
    package func persistCommand(_ choice: BootChoice) -> String {
        choice.command(tellsBootLoader: hasBuiltinCxlAcpi)
    }
}

extension BootChoice {
    fileprivate func command(tellsBootLoader: Bool) -> String {
        "daxswitch persist \(rawValue)" + (tellsBootLoader ? " --update-boot-loader" : "")
    }
}

extension ModelConstants {
    /// The command after which dax_hmem owns the memory from the next boot on.
    var persistHmem: String { BootChoice.hmem.command(tellsBootLoader: builtin.contains("cxl_acpi")) }
}

extension KernelModel {
    /// Whether a kernel that this one starts by kexec finds the decoders of all regions as they are programmed now, and dax_hmem
    /// takes no byte there that none answers for. Kexec resets nothing (seen on 7.3.4), and the firmware, which would program
    /// the decoders again, does not run.
    var canKexecWithDecoders: Bool {
        constants.allowsKexec && seesDecoders && undecoded.isEmpty && !regions.isEmpty
            && regions.allSatisfy { $0.isPresent && $0.isCommitted }
    }

    /// What `canKexecWithDecoders` is worth to a person; empty where it is false.
    var kexecAdvice: String {
        canKexecWithDecoders
            ? ". `systemctl kexec` is enough and skips the firmware: the decoders of all regions are committed, and none "
                + "was reset in this boot"
            : ""
    }
}

extension NextBoot {
    /// Whether `systemctl kexec` is enough in place of a reboot through the firmware.
    package var canKexec: Bool {
        // The generation does not matter for what the decoders are.
        KernelModel(of: machine, generation: machine.kernel.generation.value ?? .coordinated).canKexecWithDecoders
    }
}
