/// The running (or recorded) kernel.
package struct Kernel: Sendable, Equatable {
    /// `/proc/sys/kernel/osrelease`, for example `7.3.4+deb13-amd64`.
    package var release: String
    /// `/proc/sys/kernel/random/boot_id`; nil where it was not recorded.
    package var bootID: String?
    /// `/proc/cmdline`.
    package var commandLine: KernelCommandLine
    /// Which ownership rules the kernel follows; nil where the evidence does not decide.
    package var generation: Inferred<Generation?>
    /// `/proc/sys/kernel/modules_disabled` is 1: no module can be loaded or removed before a reboot.
    package var modulesDisabled: Bool
    /// `/proc/sys/kernel/modprobe` names a program that can load modules: without one, request_module() loads none
    /// (kernel/module/kmod.c: __request_module()).
    package var hasModuleHelper: Bool
    /// The program in `/proc/sys/kernel/modprobe` where it is one of which it is not known whether it loads modules.
    package var unknownModuleHelper: String?
    /// The selected mode in `/sys/kernel/security/lockdown` (`none`, `integrity`, `confidentiality`); nil where unreadable.
    package var lockdown: String?
    /// It can start another kernel by kexec; false where that is not known.
    package var allowsKexec: Bool
    /// Whether `/proc/iomem` has "Soft Reserved" lines for Soft Reserved memory (gone since 7.0 on x86, commit bc62f5b308cb).
    package var showsSoftReserved: Bool
    /// Whether the kernel keeps locked decoders although its regions have no attribute `locked`; nil where that is not known.
    package var keepsLockedDecoders: Bool?
    /// On kernels of the generation `all-or-nothing`: dax_cxl takes no region before dax_hmem has left all ranges to CXL
    /// (version 5 of the series), or it takes them at once (version 6); nil where that is not known.
    package var claimsAwaitMode: Bool?

    /// Whether decoders can stay when `cxl_acpi` goes though no attribute of their region says so.
    package var mayKeepDecodersUnshown: Bool {
        switch generation.value {
        case .allOrNothing: true
        case .deferring: keepsLockedDecoders != false
        case .hmemOnly, .coordinated, .unfixed, nil: false
        }
    }

    /// The release of a kernel of which not even that is known.
    package static let unknownRelease = "unknown"

    /// A kernel of which only the release is known.
    package init(release: String) {
        self.release = release
        bootID = nil
        commandLine = KernelCommandLine("")
        generation = Inferred(nil, evidence: [])
        modulesDisabled = false
        hasModuleHelper = true
        lockdown = nil
        allowsKexec = false
        showsSoftReserved = false
        keepsLockedDecoders = false
    }
}

/// Which rules decide who owns Soft Reserved memory.
package enum Generation: String, Sendable, CaseIterable {
    /// Up to 6.2: no dax_cxl; dax_hmem owns everything.
    case hmemOnly = "hmem-only"
    /// 6.3 to 7.0: a range that meets a window is left to CXL.
    case deferring
    /// 7.1 on: the initial probe asks the regions; later probes defer.
    case coordinated
    /// The coordination without the deferral on reload (version 7 of the series, backported).
    case unfixed
    /// Versions 5 and 6 of the series, which a vendor ships: one decision for all ranges in windows, and it lasts.
    case allOrNothing = "all-or-nothing"
}

/// What a kernel of the generation `all-or-nothing` does with the ranges that meet a window (`dax_cxl_mode`, drivers/dax/bus.c):
/// one for all of them, and no module that comes or goes resets it.
package enum DaxCxlMode: String, Sendable, CaseIterable {
    /// The next probe of dax_hmem that meets a window decides.
    case `defer`
    /// dax_hmem takes them.
    case register
    /// They are left to CXL.
    case drop
}
