package import Machine

// The words of `status` about the kernel and its modules.

extension Generation: Explained {
    package static var group: Term.Group { .generations }

    package var meaning: String {
        switch self {
        case .hmemOnly: "Kernels up to 6.2, and kernels built without dax_cxl. dax_hmem owns every Soft Reserved range."
        case .deferring:
            "Kernels 6.3 to 7.0. dax_hmem leaves a range that overlaps a CXL window to CXL, with or without a region."
        case .coordinated:
            "Kernels 7.1 and later. The first dax_hmem probe that finds a window gives each range inside a committed region "
                + "to CXL and the others to dax_hmem. Later probes leave every range in a window to CXL."
        case .unfixed:
            "Kernels with version 7 of the patch series, as a backport. Like coordinated, but on a reload the driver that "
                + "registers first gets the range."
        case .allOrNothing:
            "Kernels of a vendor with version 5 or 6 of the patch series. One decision covers all ranges in windows, and it "
                + "lasts until a reboot."
        }
    }

    package var source: String? {
        switch self {
        case .hmemOnly: "no module dax_cxl; rule hmem-owns-all"
        case .deferring: "dax_cxl does not depend on dax_hmem; rule defer-to-cxl"
        case .coordinated: "dax_cxl depends on dax_hmem; rules initial-probe-region and later-probe-defers"
        case .unfixed: "dax_hmem lacks the text of the deferral; rule reload-race"
        case .allOrNothing: "dax_cxl_mode in /proc/kallsyms; rules all-or-nothing-cxl and all-or-nothing-hmem"
        }
    }
}

extension InitialProbe: Explained {
    package static var group: Term.Group { .initialProbe }

    package var meaning: String {
        switch self {
        case .pending:
            "No dax_hmem probe has found a CXL window in this boot. The next one that does checks the regions and decides."
        case .done: "A dax_hmem probe has found a CXL window. Later loads leave every range in a window to CXL."
        case .unknown: "Nothing shows whether such a probe has happened, so predictions list both results."
        }
    }

    package var source: String? { "drivers/dax/hmem/device.c, 7.1 and later: hmem_platform.did_probe" }
}

extension DaxCxlMode: Explained {
    package static var group: Term.Group { .cxlMode }

    package var meaning: String {
        switch self {
        case .defer: "The kernel has not decided yet. The next dax_hmem probe that finds a window decides."
        case .register: "dax_hmem takes all ranges in windows."
        case .drop: "All ranges in windows are left to CXL."
        }
    }

    package var source: String? { "drivers/dax/bus.c, versions 5 and 6 of the series: dax_cxl_mode" }
}

extension ModuleStanding: Explained {
    package static var group: Term.Group { .modules }

    package var meaning: String {
        switch self {
        case .live: "Loaded and ready."
        case .changing: "Being loaded or unloaded just now."
        case .builtin: "Built into the kernel. It can't be unloaded, but its driver may be unbound from its devices."
        case .unbound:
            "Built into the kernel, and its driver is unbound: it has the same effect as a module that is not loaded."
        case .absent: "Not loaded."
        case .missing: "Not loaded, and this kernel does not have it (modules.dep)."
        case .unknown: "The recording does not include the list of loaded modules."
        }
    }

    package var source: String? {
        switch self {
        case .live, .changing, .absent: "/proc/modules"
        case .builtin: "modules.builtin"
        case .unbound: "/sys/bus/platform/drivers"
        case .missing: "modules.dep"
        case .unknown: nil
        }
    }
}
