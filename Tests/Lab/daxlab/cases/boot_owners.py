"""Each platform without the tool: what a kernel and udev make of it at boot, as docs/ say of that kernel.

These cases judge the lab itself and the rules that the tool relies on. Where one fails on a newer
kernel, a rule has changed.
"""
from daxlab.case import BOTH, EVERY_SHAPE, Case
from daxlab.checks import check, owned
from daxlab.platforms import DEVICE_SIZE, INSIDE, PLATFORMS

SCRIPT = """
start_udev
cap booted
"""


def judge_for(platform):
    """A judge that knows what the platform is."""
    def judge(results, kernel):
        booted = results.capture("booted")
        owned(booted, platform.owners(kernel))
        check(booted.windows(), "udev did not load cxl_acpi: /proc/iomem has no CXL window")
        check(booted.acpi_driver() == "cxl_acpi", "ACPI0017:00 has no driver")
        for driver in ("cxl/drivers/cxl_mem", "platform/drivers/hmem"):
            check((booted.path / "sys/bus" / driver).is_dir(), f"udev did not load {driver}")
        # dax_cxl is wanted by the device of an assembled region alone.
        assembled = platform.region and platform.assembles
        check(("dax_cxl" in booted.modules()) == assembled, f"dax_cxl is {'not ' if assembled else ''}in after boot")
        regions = booted.regions()
        committed = platform.regions
        check(len(regions) == len(committed), f"there are {len(regions)} CXL regions, not {len(committed)}")
        starts = sorted(int(region.start, 16) for region in regions)
        check(starts == [INSIDE.start + number * DEVICE_SIZE for number in range(len(committed))],
              f"the regions begin at {', '.join(map(hex, starts))}")
        for region in regions:
            if platform.second == "pmem" and int(region.start, 16) != INSIDE.start:
                check(not region.has_dax_region, f"{region.name} is persistent and has a dax region")
                continue
            check(region.has_dax_region == platform.assembles,
                  f"{region.name} {'was' if region.has_dax_region else 'was not'} assembled")
            if platform.assembles:
                check(region.committed, f"{region.name} is not committed")
        if platform.assembles and regions:
            lock_shows(booted, platform, kernel)
    return judge


def lock_shows(booted, platform, kernel):
    """The lock is in the decoders on every kernel, and in the region where the kernel heeds it."""
    wanted = "1" if platform.locked else "0"
    programmed = {name: facts for name, facts in booted.decoders().items()
                  if name != "decoder0.0" and facts[1] not in (None, "0x0", "0")}
    check(programmed, "no decoder is programmed")
    for name, facts in programmed.items():
        check(facts[3] == wanted, f"{name}/locked is {facts[3]}, not {wanted}")
    heeded = {"coordinated": platform.locked, "6.12": None}[kernel]
    for region in booted.regions():
        check(region.locked == heeded, f"{region.name}/locked shows {region.locked}, not {heeded}")


def survivors(platform):
    """The kernels on which a platform has one owner for each range, and that survive udev's coldplug.

    6.12 crashes if cxl_pmem is loaded after a persistent region has been assembled (cxl_pmem_region_probe() follows the
    bridge that devm_cxl_add_pmem_region() dropped; docs/kernel-facts.md).
    """
    return ("coordinated",) if platform.second == "pmem" or platform.name == "partial" else BOTH


CASES = [Case(f"boot-owners-{platform.name}", platform.name, SCRIPT, judge_for(platform), needs_tool=False, leaves_as_found=True,
              kernels=survivors(platform), shapes=EVERY_SHAPE, group="hmat" if platform.proximity else "main")
         for platform in PLATFORMS.values()]
