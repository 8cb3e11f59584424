import Machine

// The rules of versions 5 and 6 of the coordination's series, which a vendor ships.
extension Rule {
    private static let vendors: Set<Generation> = [.allOrNothing]

    static let allOrNothingCxl = Rule(
        "all-or-nothing-cxl",
        vendors,
        "The first dax_hmem probe that finds a CXL window decides for all ranges in windows together: if a committed region "
            + "contains each of them, all are left to CXL. The decision holds for every later load until a reboot.",
        source:
            "drivers/dax/hmem/hmem.c (versions 5 and 6 of the series): process_defer_work(), DAX_CXL_MODE_DROP; read in "
            + "the source"
    )
    static let allOrNothingHmem = Rule(
        "all-or-nothing-hmem",
        vendors,
        "If no committed region contains one of the ranges in windows at that probe, dax_hmem takes all of them, and it "
            + "takes them again on every later load until a reboot.",
        source:
            "drivers/dax/hmem/hmem.c (versions 5 and 6 of the series): process_defer_work(), DAX_CXL_MODE_REGISTER, "
            + "\"Soft Reserved not fully contained in CXL; using HMEM\"; read in the source"
    )
    static let softReservedLine = Rule(
        "soft-reserved-line",
        vendors,
        "dax_hmem adds a line \"Soft Reserved\" to /proc/iomem for each range that it takes. It can't if a boundary of a window or "
            + "region splits the range: it then takes neither that range nor those after it, and on a later load none.",
        source:
            "drivers/dax/hmem/hmem.c (versions 5 and 6 of the series): add_soft_reserve_into_iomem(); read in the source"
    )
    static let claimsAwaitMode = Rule(
        "claims-await-mode",
        vendors,
        "In version 5 of the series, dax_cxl takes no region before dax_hmem has left all ranges to CXL. If dax_hmem takes "
            + "them, the kernel removes every region.",
        source:
            "drivers/dax/cxl.c: cxl_dax_region_probe(), drivers/cxl/core/region.c: cxl_region_teardown_all() (version 5 of "
            + "the series); read in the source"
    )
    static let firmwareRegionKept = Rule(
        "firmware-region-kept",
        vendors,
        "The decoders of a region that the firmware created stay as they are when cxl_acpi is unloaded, contents intact, until "
            + "somebody writes to its attribute `commit`. The kernel does not show who created a region.",
        source: "drivers/cxl/core/region.c (versions 5 and 6 of the series): CXL_REGION_F_AUTO skips "
            + "cxl_region_decode_reset(); read in the source"
    )
}
