"""Machines with an HMAT, as every real server: dax_hmem takes whole ranges of the SRAT, with what is no memory for drivers."""
from daxlab.case import Case
from daxlab.checks import check, document, ended, owned, pattern_intact, refused, segments, status_agrees, untouched
from daxlab.machine import OFFLINE
from daxlab.platforms import (INSIDE, OUTSIDE, OUTSIDE_HALVES, PLUGGED_MEMORY, PLUGGED_RANGE, WINDOW, Range)

ONLINE = "memhp_default_state=online"
REST = Range(PLUGGED_MEMORY.end + 1, PLUGGED_RANGE.end)


def devices(capture):
    """The ranges of dax_hmem's devices, in address order."""
    return sorted((device.range for device in capture.dax_devices() if device.owner == "hmem"),
                  key=lambda range_: range_.start)


def predicted(command, owners):
    """predict says of every byte of these ranges who owns it afterwards, or who else may: decoders are not seen at boot."""
    told = segments(document(command, "predict"), command)
    for range_, owner in owners.items():
        parts = [(part, member) for part, member in told.items()
                 if part.start <= range_.end and range_.start <= part.end]
        covered = sum(min(part.end, range_.end) - max(part.start, range_.start) + 1 for part, _ in parts)
        check(covered == range_.size, f"{command}: only {covered} bytes of {range_} are told of")
        for part, member in parts:
            check(owner in member["owners"], f"{command}: {part} is said to be owned by {member['owners']}, not {owner}")


def found(command):
    """{id: finding} of status."""
    return {finding["id"]: finding for finding in document(command, "status")["findings"]}


def typed(start):
    """Script: the fix is typed that makes the device over an address as small as its memory; `$device` is its name."""
    return f"""
device=$(await_dax_device {start:#x})
run typed sh -c "$(daxswitch status --json | sed -n 's/.*make the device as small as its memory (`\\([^`]*\\)`).*/\\1/p' | head -n 1)"
"""


SPLIT = """
cap boot
t predict load:dax_hmem --json
start_udev
cap booted
t status --json
t apply hmem --yes --json
settle
cap after
"""


def judge_split(results, kernel):
    """Two devices, one for each range, and nothing to do."""
    predicted(results.command("predict-load:dax_hmem"), {OUTSIDE: "hmem"})
    booted = results.capture("booted")
    check(devices(booted) == list(OUTSIDE_HALVES), f"the devices are {devices(booted)}")
    status_agrees(results.command("status"), booted, OUTSIDE_HALVES)
    ended(results.command("apply-hmem"), 0)
    untouched(booted, results.capture("after"))


# At boot, with no module loaded: what would come is foreseen, and refused.
REFUSED = """
cap boot
t predict load:dax_hmem --json
t apply hmem --yes --json
cap refused
"""
# What udev then loads shows whether it was foreseen.
PART_BEFORE = REFUSED + """
start_udev
cap booted
t status --json
"""
PART = PART_BEFORE + typed(OUTSIDE.start) + f"""
echo $device > /sys/bus/dax/drivers/kmem/bind
cap mended
t status --json
"""
# Online, the memory could not be lent to device_dax.
PART_OFFLINE = PART + f"""
pattern write {OUTSIDE.start:#x}
pattern check {OUTSIDE.start:#x}
"""


def judge_part(results, kernel):
    """The device is there over the kernel's own memory too: foreseen and refused; made smaller, kmem takes it."""
    memory, rest = OUTSIDE_HALVES
    predicted(results.command("predict-load:dax_hmem"), {OUTSIDE: "hmem"})
    refused(results.command("apply-hmem"), "unbindable", "System RAM")
    untouched(results.capture("boot"), results.capture("refused"))
    booted = results.capture("booted")
    check(devices(booted) == [OUTSIDE], f"the devices are {devices(booted)}")
    check([device.driver for device in booted.dax_devices()] == [None], "a driver is bound to it")
    status_agrees(results.command("status", 1), booted, [OUTSIDE])
    check("unbindable" in found(results.command("status", 1)), "status does not find it unbindable")
    ended(results.command("typed"), 0)
    mended = results.capture("mended")
    check([(device.range, device.driver) for device in mended.dax_devices()] == [(memory, "kmem")],
          f"the devices are {mended.dax_devices()}")
    check("unbindable" not in found(results.command("status", 2)), "it is still found unbindable")
    if results.has("pattern-check"):
        pattern_intact(results.command("pattern-check"))


def judge_part_before(results, kernel):
    """A range that is partly something else is left alone: its Soft Reserved bytes are nobody's, and so it was foreseen."""
    memory, _ = OUTSIDE_HALVES
    predicted(results.command("predict-load:dax_hmem"), {memory: "none"})
    refused(results.command("apply-hmem"), "want-unmet", "also covers other memory")
    booted = results.capture("booted")
    check(not devices(booted), f"the devices are {devices(booted)}")
    status_agrees(results.command("status"), booted, [memory])
    check("no-owner" in found(results.command("status")), "status does not find the memory without owner")


LARGER_ONLINE = "/sbin/modprobe kmem\n" + REFUSED
LARGER = REFUSED + f"""
/sbin/modprobe dax_hmem
settle
cap booted
t status --json
""" + typed(PLUGGED_RANGE.start) + f"""
t status --json
pattern write {PLUGGED_RANGE.start:#x}
/sbin/modprobe kmem
echo $device > /sys/bus/dax/drivers/kmem/bind
cap mended
pattern check {PLUGGED_RANGE.start:#x}
"""


def judge_larger_online(results, kernel):
    """Memory that does not exist would go online at once: refused, and nothing has changed."""
    predicted(results.command("predict-load:dax_hmem"), {PLUGGED_RANGE: "hmem"})
    refused(results.command("apply-hmem"), "undecoded-range", str(REST), ONLINE.replace("online", "offline"))
    untouched(results.capture("boot"), results.capture("refused"))


def judge_larger(results, kernel):
    """The same with new memory offline; as the fix says, the device is made as small as its memory, which kmem takes."""
    judge_larger_online(results, kernel)
    booted = results.capture("booted")
    check(devices(booted) == [PLUGGED_RANGE], f"the devices are {devices(booted)}")
    status_agrees(results.command("status", 1), booted, [PLUGGED_RANGE])
    check("undecoded" in found(results.command("status", 1)), "status does not find what is no memory")
    ended(results.command("typed"), 0)
    grave = [finding for finding in found(results.command("status", 2)).values() if finding["severity"] != "notice"]
    check(not grave, f"afterwards, status finds {grave}")
    mended = results.capture("mended")
    check([(device.range, device.driver) for device in mended.dax_devices()] == [(PLUGGED_MEMORY, "kmem")],
          f"the devices are {mended.dax_devices()}")
    pattern_intact(results.command("pattern-check"))


WINDOW_SCRIPT = """
t predict load:cxl_acpi load:cxl_pci load:cxl_mem load:dax_hmem load:dax_cxl --json
start_udev
cap booted
t status --json
persist hmem
t apply hmem --yes --json
settle
cap refused
t apply cxl --yes --json
settle
cap cxl
t status --json
"""


def judge_window(results, kernel):
    """The whole window is one range: dax_hmem never gets it, and CXL gets its region."""
    booted, owner = results.capture("booted"), "hmem" if kernel == "coordinated" else "cxl"
    predicted(results.command("predict-load:cxl_acpi-load:cxl_pci-load:cxl_mem-load:dax_hmem-load:dax_cxl"),
              {WINDOW: "hmem"} if kernel == "coordinated" else {INSIDE: "cxl"})
    owned(booted, {WINDOW if kernel == "coordinated" else INSIDE: owner})
    status_agrees(results.command("status", 1), booted, [WINDOW])
    refused(results.command("persist-hmem"), "undecoded-range", str(WINDOW))
    check(results.command("apply-hmem").code in ((0, 3) if kernel == "coordinated" else (3,)),
          "apply hmem was not refused")
    check("persist hmem" not in results.command("apply-hmem").stdout, "apply hmem names persist hmem")
    untouched(booted, results.capture("refused"))
    ended(results.command("apply-cxl"), 0)
    owned(results.capture("cxl"), {INSIDE: "cxl", Range(INSIDE.end + 1, WINDOW.end): "none"})
    status_agrees(results.command("status", 2), results.capture("cxl"), [WINDOW])
    check("undecoded" not in found(results.command("status", 2)), "status still finds what is no memory")


ALONE = """
t predict hold load:dax_hmem --json
t apply hmem --yes --json
t status --json
"""


def judge_alone(results, kernel):
    """Without cxl_acpi, dax_hmem would take the whole window: foreseen and refused."""
    predicted(results.command("predict-hold-load:dax_hmem"), {WINDOW: "hmem"})
    refused(results.command("apply-hmem"), "undecoded-range", str(WINDOW))


REGION_SCRIPT = f"""
start_udev
cap booted
t status --json
pattern write {INSIDE.start:#x}
t apply hmem --yes --json
settle
cap hmem
pattern check {INSIDE.start:#x}
t apply cxl --yes --json
settle
cap cxl
pattern check {INSIDE.start:#x}
t status --json
"""


def judge_region(results, kernel):
    """The region's range is one of the SRAT: there and back as without an HMAT."""
    for name, owner in (("booted", "cxl"), ("hmem", "hmem"), ("cxl", "cxl")):
        owned(results.capture(name), {INSIDE: owner})
    for command in ("apply-hmem", "apply-cxl"):
        ended(results.command(command), 0)
    status_agrees(results.command("status", 2), results.capture("cxl"), [INSIDE])
    for number in (1, 2):
        pattern_intact(results.command("pattern-check", number))


def case(name, platform, script, judge, kernels=("coordinated", "6.12"), parameters=OFFLINE):
    return Case(f"hmat-{name}", f"hmat-{platform}", script, judge, kernels=kernels, group="hmat", parameters=parameters)


CASES = [
    case("split", "split", SPLIT, judge_split),
    case("part", "part", PART_OFFLINE, judge_part, kernels=("coordinated",)),
    case("part-online", "part", PART, judge_part, kernels=("coordinated",), parameters=ONLINE),
    case("part-before", "part", PART_BEFORE, judge_part_before, kernels=("6.12",)),
    case("larger", "larger", LARGER, judge_larger),
    case("larger-online", "larger", LARGER_ONLINE, judge_larger_online, parameters=ONLINE),
    case("window-locked", "window-locked", WINDOW_SCRIPT, judge_window),
    case("window-unlocked", "window-unlocked", WINDOW_SCRIPT, judge_window),
    case("window-alone", "window-locked", ALONE, judge_alone),
    case("window-none", "window", ALONE, judge_alone),
    case("region", "region", REGION_SCRIPT, judge_region, kernels=("coordinated",)),
]
