"""The firmware's region is lost by hand: `status` names it, and `apply cxl` restores it, also from a capture alone."""
from daxlab.case import BOTH, EVERY_SHAPE, Case
from daxlab.checks import check, document, ended, owned
from daxlab.platforms import DEVICE_SIZE, FIRST_WINDOW, INSIDE
from daxlab.restoring.layout import contents, gone, use, whole_as
from daxlab.restoring.reloads import SHELL, verified

# `apply cxl` has nothing to do at first, and keeps what shows of the region.
BEFORE = f"""{SHELL}
start_udev
pattern write {INSIDE.start:#x}
t apply cxl --yes --json
t status --json
cap before
"""
LOST = """
lose
run status-unloaded daxswitch status --json
load
cap lost
t status --json
"""
RESTORED = f"""
settle
cap after
t status --json
t verify cxl --json
pattern check {INSIDE.start:#x}
"""
FIRMWARE = BEFORE + LOST + "t apply cxl --yes --json\n" + RESTORED
EARLIER = "/run/earlier.tgz"
CAPTURE = BEFORE + f"run collect daxswitch collect {EARLIER}\n" + LOST.replace("load\n", "rm /run/daxswitch/regions.json\nload\n") \
    + f"run plan daxswitch plan cxl --regions-from {EARLIER} --json\nt apply cxl --yes --json --regions-from {EARLIER}\n" + RESTORED


# Two dax devices in the place of one. Their memory goes offline before the removal by hand: no host survives that otherwise.
TWO = f"""start_udev
start=$(starts)
split $start
t apply cxl --yes --json
cap before
"""
TWO_LOST = f"""offline $((start + {DEVICE_SIZE // 2:#x}))
{LOST}"""
TWO_RESTORED = """settle
cap after
t verify reload --json
patterns check
"""
BY_HAND = f"{SHELL}with_cxl 1\nbound_region ram {DEVICE_SIZE:#x} {FIRST_WINDOW:#x} 1\n{TWO}{TWO_LOST}" \
    + f"t apply cxl --yes --json\n{TWO_RESTORED}"
OF_FIRMWARE = f"{SHELL}{TWO}{TWO_LOST}t apply cxl --yes --json\n{TWO_RESTORED}"
OF_CAPTURE = f"{SHELL}{TWO}run collect daxswitch collect {EARLIER}\n" \
    + TWO_LOST.replace("load\n", "rm /run/daxswitch/regions.json\nload\n") \
    + f"t apply cxl --yes --json --regions-from {EARLIER}\n{TWO_RESTORED}"


def named(command):
    """The finding about a region that this boot has lost, or None."""
    return next((finding for finding in document(command, "status")["findings"] if finding["id"] == "region-lost"), None)


def came_back(results):
    """The region goes and comes back, and `status` finds nothing before and after."""
    before = results.capture("before")
    owned(before, {INSIDE: "cxl"})
    ended(results.command("apply-cxl", 1), 0)
    check(not document(results.command("status", 1), "status")["findings"], "status finds something at first")
    gone(results.capture("lost"))
    ended(results.command("apply-cxl", 2), 0)
    whole_as(before, results.capture("after"))
    owned(results.capture("after"), {INSIDE: "cxl"})
    found = document(results.command("status", 3), "status")["findings"]
    check(not found, f"status still finds {[finding['id'] for finding in found]}")
    ended(results.command("verify-cxl"), 0)


def judge_firmware(results, kernel):
    """`status` names the loss, while cxl_acpi is not loaded and when it is again, with the command that mends it."""
    for command in (results.command("status-unloaded"), results.command("status", 2)):
        finding = named(command)
        check(finding, f"{command}: the loss is not named")
        check("daxswitch apply cxl" in finding["fix"], f"{command}: the fix is {finding['fix']!r}")
    came_back(results)
    return contents(results)


def judge_capture(results, kernel):
    """Without what was kept nothing is named, and the capture alone is enough."""
    ended(results.command("collect"), 0)
    check(not named(results.command("status", 2)), "the loss is named, though nothing tells of it")
    ended(results.command("plan"), 0)
    came_back(results)
    return contents(results)


def judge_two(source):
    """A judge: the region and both dax devices are as they were, each with its driver and zone; the plan names `source`."""
    def judge_devices(results, kernel):
        before = results.capture("before")
        drivers = sorted(device.driver for device in before.dax_devices())
        check(drivers == ["device_dax", "kmem"], f"capture before: the drivers are {drivers}")
        check("Movable" in str(use(before)[1]), f"capture before: no memory is online: {use(before)[1]}")
        gone(results.capture("lost"))
        command = results.command("apply-cxl", 2)
        ended(command, 0)
        notes = [note for note in document(command, "apply")["notes"] if "it had" in note]
        check(len(notes) == 1 and source in notes[0] and "devdax and" in notes[0], f"{command}: the notes are {notes}")
        whole_as(before, results.capture("after"))
        verified(results.command("verify-reload"), before)
        return contents(results)
    return judge_devices


CASES = [
    Case("restore-firmware", "unlocked", FIRMWARE, judge_firmware, kernels=("coordinated",),
         shapes=EVERY_SHAPE, group="restore"),
    Case("restore-capture", "unlocked", CAPTURE, judge_capture, kernels=("coordinated",),
         shapes=EVERY_SHAPE, group="restore"),
    Case("restore-lost-split", "none", BY_HAND, judge_two("/run/daxswitch/regions.json"), kernels=BOTH,
         shapes=EVERY_SHAPE, group="restore"),
    Case("restore-firmware-split", "unlocked", OF_FIRMWARE, judge_two("/run/daxswitch/regions.json"),
         kernels=("coordinated",), shapes=EVERY_SHAPE, group="restore"),
    Case("restore-capture-split", "unlocked", OF_CAPTURE, judge_two(EARLIER), kernels=("coordinated",),
         shapes=EVERY_SHAPE, group="restore"),
]
