"""A region of persistent memory: never created again by daxswitch; the command that status shows does, and the data is there."""
import json

from daxlab.case import BOTH, Case
from daxlab.checks import check, document, ended, refused
from daxlab.platforms import DEVICE_SIZE, FIRST_WINDOW
from daxlab.restoring.layout import gone, layouts, regions_as
from daxlab.restoring.lost import named
from daxlab.restoring.reloads import SHELL

# cxl_pmem first: on 6.12 the kernel dies if it comes after the region (docs/kernel-facts.md).
SCRIPT = f"""{SHELL}/sbin/modprobe cxl_pmem
with_cxl 2
bound_region pmem {2 * DEVICE_SIZE:#x} {FIRST_WINDOW:#x} 1 2
/sbin/modprobe -a nd_pmem dax_pmem
start_udev
run namespace ndctl create-namespace --mode fsdax --map mem --size 512M
settle
run list-before ndctl list -N
run nd-sysfs sh -c 'grep -H . /sys/bus/nd/devices/*/size /sys/bus/nd/devices/*/holder_class /sys/bus/nd/devices/*/mode /sys/bus/nd/devices/*/available_slots /sys/bus/nd/devices/*/cxl/id'
disk=/dev/$(ls /sys/class/block | grep pmem)
dd if=/dev/urandom of=$disk bs=1M count=16 2>/dev/null
dd if=$disk bs=1M count=16 iflag=direct 2>/dev/null | md5sum > /run/sum
t apply cxl --yes --json
settle
cap before
t status --json
t apply reload --yes --json
cap refused
run disable ndctl disable-namespace all
settle
t apply reload --yes --json
run text daxswitch plan reload
cap disabled
lose
load
cap lost
run list-lost ndctl list -NRi
run nd-sysfs sh -c 'grep -H . /sys/bus/nd/devices/*/available_slots /sys/bus/nd/devices/*/cxl/id'
t status --json
t apply cxl --yes --json
run text daxswitch apply cxl --yes
cap after
daxswitch status --json | sed -n 's/.*`\\(cxl create-region [^`]*\\)`.*/\\1/p' | head -n 1 > /run/typed
run typed sh -c "$(cat /run/typed)"
settle
run list-after ndctl list -N
cap created
disk=/dev/$(ls /sys/class/block | grep pmem)
dd if=$disk bs=1M count=16 iflag=direct 2>/dev/null | md5sum > /run/sum.after
run data cmp /run/sum /run/sum.after
t status --json
"""


def judge(results, kernel):
    """Refused with what is on the region; a loss by hand is named, the drivers alone don't restore it, and the command does."""
    before, lost = results.capture("before"), results.capture("lost")
    check([layout.mode for layout in layouts(before)] == ["pmem"], f"capture before: {layouts(before)}")
    contents = "1 namespace (fsdax, 512 MiB)"
    refused(results.command("apply-reload", 1), "pmem-in-use", contents)
    refused(results.command("apply-reload", 2), "region-lost", contents, "Its data stays on the memory devices")
    for name in ("refused", "disabled"):
        regions_as(before, results.capture(name))
    gone(lost)
    check(not results.command("list-lost").stdout.strip(), "the kernel has assembled a region from labels")
    finding = named(results.command("status", 2))
    check(finding, "status does not name the loss")
    check("pmem region" in finding["what"] and contents in finding["what"], f"status: {finding['what']!r}")
    slots = [line for line in finding["evidence"] if "available_slots: room for" in line]
    check(len(slots) == 2, f"status: the evidence is {finding['evidence']}")
    # What is not of persistent memory may be done.
    ended(results.command("apply-cxl", 2), 0)
    check("persistent memory" in json.dumps(document(results.command("apply-cxl", 2), "apply")["notes"]), "apply says nothing of it")
    gone(results.capture("after"))
    typed = results.command("typed")
    check(typed.argv[-1].startswith("cxl create-region -m -t pmem "), f"status: the fix is {finding['fix']!r}")
    ended(typed, 0)
    regions_as(before, results.capture("created"))
    was, now = (results.command(f"list-{name}").json() for name in ("before", "after"))
    check([space["uuid"] for space in was] == [space["uuid"] for space in now], f"the namespaces are {now}, not {was}")
    ended(results.command("data"), 0)
    check(not named(results.command("status", 3)), "status still names a loss")


CASES = [Case("restore-pmem", "persistent", SCRIPT, judge, kernels=BOTH, group="restore")]
