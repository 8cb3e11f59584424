import Ownership

extension Hazard.Identifier {
    /// What the hazard means in general; a plan tells the case at hand and its way out.
    var meaning: String {
        switch self {
        case .memoryOnline:
            "A driver goes while memory blocks of its device are online: the kernel lets it go, and the memory is "
                + "stuck until a reboot."
        case .decodeUnderLiveMemory:
            "cxl_acpi goes while memory in its windows is online: the decoders are reset under the page allocator and "
                + "the kernel panics."
        case .regionLost:
            "The decoders of a region are reset with cxl_acpi: the memory behind it no longer answers, its contents "
                + "are lost, and the region does not come back by itself."
        case .undecodedRange:
            "dax_hmem takes a range that no decoder answers for, or for which none is seen after cxl_acpi was in: onlining it "
                + "crashes the kernel."
        case .deviceOpen: "A process has the dax device open or mapped: it gets SIGBUS at its next access."
        case .orphanedRange: "No driver owns the range afterwards, although one does now."
        case .unbindable:
            "The owner holds the bytes, but a region or a window's edge cuts them in /proc/iomem and no driver can bind."
        case .doubleClaim: "dax_hmem and dax_cxl both hold the bytes: two drivers can be bound to one memory."
        case .pmemInUse: "A pmem region goes with cxl_acpi while a namespace on it is active, mounted or not."
        case .pmemWithoutBridge:
            "A pmem region stands without its nvdimm bridge, since cxl_pmem was out when it was assembled: when cxl_pmem is "
                + "loaded, by udev or by hand, the kernel dies."
        case .selfUndoing: "Loading dax_hmem brings cxl_acpi back, which the order removed before."
        case .nondeterministic: "Who owns the range depends on a race, or on a fact that can't be read."
        case .wantUnmet: "The order does not bring the owner that the policy wants."
        case .stepRefused: "The kernel refuses a step where it stands in the order."
        case .builtin: "A module that a step removes is part of the kernel image."
        case .modulesDisabled: "/proc/sys/kernel/modules_disabled is 1: no module can be loaded or removed any more."
        case .lockdown: "Kernel lockdown forbids to load a module that is not signed."
        case .notPermitted: "The process lacks a privilege that the step needs: CAP_SYS_MODULE, CAP_SYS_ADMIN."
        case .noHotremove: "The kernel can't remove memory, so memory that is online can't be given back."
        }
    }
}
