"""dax_hmem holds the memory of a committed region: CXL gets that one range, by unbinding and binding, contents and all."""
from daxlab.case import Case
from daxlab.cases.memory import data_intact, online_in
from daxlab.checks import check, document, ended, owned, pattern_intact, refused, same_modules, status_agrees
from daxlab.platforms import DEVICE_SIZE, INSIDE, LARGER, Range

# dax_hmem comes while no window is there, so it takes the range; nobody may load cxl_acpi for it.
HMEM_FIRST = f"""
insert_unaided dax_hmem
pattern write {INSIDE.start:#x}
"""

CXL_LATER = """
/sbin/modprobe -a cxl_acpi cxl_pci cxl_mem dax_cxl
settle
cap before
t status --json
"""

HANDED_OVER = f"""
t plan cxl --json
t apply cxl --yes --json
settle
cap after
t status --json
# While two devices have the bytes, before 7.1, kmem is refused on the second one and does not try again by itself.
device=$(dax_device {INSIDE.start:#x})
[ -e /sys/bus/dax/devices/$device/driver ] || echo $device > /sys/bus/dax/drivers/kmem/bind
t verify cxl --json
pattern check {INSIDE.start:#x}
"""

# The first probe of dax_hmem meets a region that does not contain the range: it takes all of it, and no driver can bind.
PARTLY = HMEM_FIRST + "/sbin/rmmod dax_hmem\nstart_udev\ncap before\nt status --json\n" + HANDED_OVER

# kmem has the memory online when the region comes, which gets no dax region then.
ONLINE = f"""
insert_unaided dax_hmem
/lib/systemd/systemd-udevd --daemon
await_dax_device {INSIDE.start:#x}
/sbin/modprobe kmem
settle
online {INSIDE.start:#x} movable
fill 1 16
""" + CXL_LATER + """
t apply cxl --yes --json
cap refused
run online-apply daxswitch apply cxl --yes --json --offline-memory
settle
cap after
t status --json
run online-data md5sum -c /data/sums
drain
"""


def names_the_command(results, words):
    """`status` names the region under dax_hmem, and the command that hands it over."""
    content = document(results.command("status"), "status")
    found = [finding for finding in content["findings"] if finding["id"] in ("hmem-over-region", "unbindable")]
    check(found, "status does not say that dax_hmem holds the region's memory")
    for finding in found:
        check(words in finding["fix"], f"{finding['id']}: the fix does not name {words!r}: {finding['fix']!r}")


def handed_over(results, steps):
    """The plan has these steps, apply carries them out, and no module came, went or was loaded again."""
    plan = document(results.command("plan-cxl"), "plan")
    check([step["do"] for step in plan["steps"]] == steps, f"the steps are {plan['steps']}")
    ended(results.command("apply-cxl"), 0)
    before, after = results.capture("before"), results.capture("after")
    same = {name: capture.modules() for name, capture in (("before", before), ("after", after))}
    for module in ("dax_hmem", "dax_cxl", "cxl_acpi", "cxl_pci", "cxl_mem"):
        check(same["before"].get(module) == same["after"].get(module), f"{module} came, went or was loaded again")
    pattern_intact(results.command("pattern-check"))


def judge_whole(results, kernel):
    """dax_hmem has the whole region; CXL has it afterwards."""
    pattern_intact(results.command("pattern-write"))
    before = "both" if kernel == "6.12" else "hmem"
    owned(results.capture("before"), {INSIDE: before})
    if kernel == "6.12":
        handed_over(results, ["unbind-hmem"])
    else:
        names_the_command(results, "daxswitch apply cxl")
        handed_over(results, ["unbind-hmem", "bind-region"])
    ended(results.command("verify-cxl"), 0)
    owned(results.capture("after"), {INSIDE: "cxl"})
    status_agrees(results.command("status", 2), results.capture("after"), [INSIDE])


def judge_partly(results, kernel):
    """CXL has what the region covers, with its contents; nobody has the rest, behind which is no memory."""
    owned(results.capture("before"), {LARGER: "hmem"})
    names_the_command(results, "daxswitch apply cxl")
    handed_over(results, ["unbind-hmem", "bind-region"])
    rest = Range(INSIDE.end + 1, INSIDE.end + DEVICE_SIZE)
    owned(results.capture("after"), {INSIDE: "cxl", rest: "none"})
    # Nobody can use the rest, and that is all.
    ended(results.command("verify-cxl"), 4)
    differences = document(results.command("verify-cxl"), "verify")["differences"]
    found = [(one["kind"], one["found"], int(one["start"], 16)) for one in differences]
    check(found == [("finding", "no-owner", rest.start)], f"verify finds {found}")


def judge_online(results, kernel):
    """Refused without the option; with it CXL has the memory, online in its zone, with the data in it."""
    online_in(results.capture("before"), INSIDE, "Movable")
    owned(results.capture("before"), {INSIDE: "hmem"})
    names_the_command(results, "daxswitch apply cxl --offline-memory")
    refused(results.command("apply-cxl"), "memory-online")
    same_modules(results.capture("before"), results.capture("refused"))
    ended(results.command("online-apply"), 0)
    owned(results.capture("after"), {INSIDE: "cxl"})
    online_in(results.capture("after"), INSIDE, "Movable")
    data_intact(results, "online")


CASES = [
    Case("hand-over", "unlocked", HMEM_FIRST + "/lib/systemd/systemd-udevd --daemon\n" + CXL_LATER + HANDED_OVER,
         judge_whole),
    Case("hand-over-partly", "partial", PARTLY, judge_partly, kernels=("coordinated",)),
    Case("hand-over-online", "unlocked", ONLINE, judge_online),
]
