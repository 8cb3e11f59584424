"""Memory that kmem has online is given back before its driver goes, and comes back to the use it had, data and all."""
from daxlab.case import BOTH, EVERY_SHAPE, Case
from daxlab.checks import check, ended, owned, refused, untouched
from daxlab.platforms import INSIDE, OUTSIDE

# Only the dax modules are loaded again: regions stay, on every kernel.
DAX_RELOAD = """
cat > /tmp/dax.toml <<END
summary = "dax_cxl and dax_hmem loaded again."
order = ["unload:dax_cxl", "unload:dax_hmem", "load:dax_hmem", "load:dax_cxl"]
[want]
covered_by_region = "any"
END
"""


def thrown(policy, range_, name):
    """The script that gives memory with data in it back and gets it again under `policy`."""
    return f"""
online {range_.start:#x} movable
fill 1 16
cap {name}-online
t apply {policy} --yes --json
cap {name}-refused
run {name}-apply daxswitch apply {policy} --yes --json --offline-memory
settle
cap {name}
run {name}-data md5sum -c /data/sums
drain
"""


SWITCH = "start_udev\n" + thrown("hmem", INSIDE, "hmem") + thrown("cxl", INSIDE, "cxl")
RELOAD = "start_udev\n" + DAX_RELOAD + thrown("/tmp/dax.toml", INSIDE, "dax")
OUTSIDE_RELOAD = "start_udev\n" + DAX_RELOAD + f"""
online {OUTSIDE.start:#x} movable
cap dax-online
run dax-apply daxswitch apply /tmp/dax.toml --yes --json --offline-memory
settle
cap dax
"""

DEVDAX = f"""
start_udev
pattern write {INSIDE.start:#x}
device=$(dax_device {INSIDE.start:#x})
echo $device > /sys/bus/dax/drivers/kmem/unbind
echo $device > /sys/bus/dax/drivers/device_dax/new_id
echo $device > /sys/bus/dax/drivers/device_dax/remove_id
cap before
run hmem-apply daxswitch apply hmem --yes --json --offline-memory
settle
cap hmem
pattern check {INSIDE.start:#x}
"""

# The kernel's own data, which can't be moved.
STUCK = f"""
start_udev
online {INSIDE.start:#x} kernel
pin 1 kernel &
until [ -e /tmp/pinned ]; do sleep 0.2; done
cap before
run stuck daxswitch apply /tmp/dax.toml --yes --json --offline-memory
settle
cap after
"""

# Pages of a pipe that were spliced from a process stay where they are.
PINNED = f"""
start_udev
online {INSIDE.start:#x} movable
pin 1 process &
pinning=$!
until [ -e /tmp/pinned ]; do sleep 0.2; done
cap before
run pinned daxswitch apply /tmp/dax.toml --yes --json --offline-memory
settle
cap after
kill $pinning
wait $pinning
run released-apply daxswitch apply /tmp/dax.toml --yes --json --offline-memory
settle
cap released
"""

LOW = f"""
. /lab/safety.sh
start_udev
online {INSIDE.start:#x} movable
keep_both 96 {INSIDE.start:#x} 64
cap before
run low daxswitch apply /tmp/dax.toml --yes --json --offline-memory
cap after
run holder holder_state
"""


def online_in(capture, range_, zone):
    """Every block of the range is online in that zone, and kmem has its device."""
    blocks = capture.memory_blocks(range_)
    check(len(blocks) > 0, f"capture {capture}: there is no memory block over {range_}")
    for number, (state, found) in blocks.items():
        check((state, found) == ("online", zone), f"capture {capture}: memory{number} is {state} in zone {found}, "
                                                  f"not online in {zone}")


def given_back(results, name, before, after, range_=INSIDE):
    """Refused without the option; with it the owner changes, and memory and data are as before."""
    online_in(results.capture(f"{name}-online"), range_, "Movable")
    owned(results.capture(f"{name}-online"), {range_: before})
    ended(results.command(f"{name}-apply"), 0)
    owned(results.capture(name), {range_: after})
    online_in(results.capture(name), range_, "Movable")


def data_intact(results, name):
    """What lay in the memory is as it was written."""
    ended(results.command(f"{name}-data"), 0)


def judge_switch(results, kernel):
    """From CXL to dax_hmem and back, with the memory online in ZONE_MOVABLE and data in it."""
    for occurrence, (name, before, after) in enumerate((("hmem", "cxl", "hmem"), ("cxl", "hmem", "cxl")), 1):
        refused(results.command(f"apply-{name}"), "memory-online", "--offline-memory")
        untouched(results.capture(f"{name}-online"), results.capture(f"{name}-refused"))
        given_back(results, name, before, after)
        data_intact(results, name)


def judge_reload(results, kernel):
    """The dax modules are loaded again under a region, with data in its memory."""
    given_back(results, "dax", "cxl", "cxl")
    data_intact(results, "dax")


def judge_outside(results, kernel):
    """The same for a range of dax_hmem outside every window, in the node that the host runs in."""
    given_back(results, "dax", "hmem", "hmem", OUTSIDE)


def judge_devdax(results, kernel):
    """A character device is one again afterwards, and the memory behind it was not written to."""
    ended(results.command("hmem-apply"), 0)
    owned(results.capture("hmem"), {INSIDE: "hmem"})
    for name in ("before", "hmem"):
        drivers = [device.driver for device in results.capture(name).dax_devices()]
        check(drivers == ["device_dax"], f"capture {name}: the driver is {drivers}, not device_dax")
    ended(results.command("pattern-check"), 0)


def as_before(results, zone):
    """Nothing but a failed attempt: the blocks are online in their zone and no module came or went."""
    online_in(results.capture("before"), INSIDE, zone)
    online_in(results.capture("after"), INSIDE, zone)
    owned(results.capture("after"), {INSIDE: "cxl"})
    untouched(results.capture("before"), results.capture("after"))


def judge_stuck(results, kernel):
    """Memory that the kernel itself uses does not go: every block is online again, and the end is 1."""
    ended(results.command("stuck"), 1)
    as_before(results, "Normal")


def judge_pinned(results, kernel):
    """Pages that a process has pinned keep one block online till the limit; when it is gone, all of them go."""
    ended(results.command("pinned"), 1)
    as_before(results, "Movable")
    ended(results.command("released-apply"), 0)
    online_in(results.capture("released"), INSIDE, "Movable")


def judge_low(results, kernel):
    """Where the rest of the host has no room for the pages, nothing is begun."""
    refused(results.command("low"), "memory-online", "Free elsewhere")
    untouched(results.capture("before"), results.capture("after"))
    online_in(results.capture("after"), INSIDE, "Movable")
    said = results.command("holder").stdout
    check("alive" in said and ", 0 bad" in said, f"the process with data in the memory is {said.strip()}")


CASES = [
    Case("memory-switch", "locked", SWITCH, judge_switch, kernels=("coordinated",), shapes=EVERY_SHAPE),
    Case("memory-reload", "unlocked", RELOAD, judge_reload, kernels=BOTH, shapes=EVERY_SHAPE, may_follow=True),
    Case("memory-outside", "elsewhere", OUTSIDE_RELOAD, judge_outside, kernels=BOTH, shapes=EVERY_SHAPE,
         may_follow=True),
    Case("memory-devdax", "locked", DEVDAX, judge_devdax, kernels=("coordinated",), shapes=EVERY_SHAPE),
    Case("memory-stuck", "unlocked", DAX_RELOAD + STUCK, judge_stuck, kernels=BOTH, shapes=EVERY_SHAPE),
    Case("memory-pinned", "unlocked", DAX_RELOAD + PINNED, judge_pinned, kernels=BOTH, shapes=EVERY_SHAPE),
    Case("memory-low", "unlocked", DAX_RELOAD + LOW, judge_low, kernels=BOTH, shapes=EVERY_SHAPE),
]
