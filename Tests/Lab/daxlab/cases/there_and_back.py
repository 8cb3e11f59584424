"""A locked region goes from the CXL drivers to dax_hmem and back in one boot, contents and all."""
from daxlab.case import EVERY_SHAPE, Case
from daxlab.checks import check, cxl_stays_out, document, ended, owned, pattern_intact, same_modules, status_agrees
from daxlab.platforms import INSIDE

SCRIPT = f"""
start_udev
cap booted
t status --json
pattern write {INSIDE.start:#x}

t apply hmem --yes --json
cap hmem
t status --json
# The kernel tries deferred probes again for 10 s (deferred_probe_timeout, drivers/base/dd.c).
sleep 12
coldplug
cap hmem-later
t verify hmem --json
pattern check {INSIDE.start:#x}
cap before-second-hmem
t apply hmem --yes --json
cap after-second-hmem

t apply cxl --yes --json
settle
cap cxl
t status --json
t verify cxl --json
pattern check {INSIDE.start:#x}
cap before-second-cxl
t apply cxl --yes --json
cap after-second-cxl
"""


def judge(results, kernel):
    """Both ways are carried out, last against udev, and cost no byte; a second time there is nothing to do."""
    owned(results.capture("booted"), {INSIDE: "cxl"})
    status_agrees(results.command("status", 1), results.capture("booted"), [INSIDE])
    pattern_intact(results.command("pattern-write"))

    ended(results.command("apply-hmem", 1), 0)
    for name in ("hmem", "hmem-later"):
        owned(results.capture(name), {INSIDE: "hmem"})
        cxl_stays_out(results.capture(name))
    status_agrees(results.command("status", 2), results.capture("hmem"), [INSIDE])
    agrees(results.command("verify-hmem"))
    pattern_intact(results.command("pattern-check", 1))
    ended(results.command("apply-hmem", 2), 0)
    same_modules(results.capture("before-second-hmem"), results.capture("after-second-hmem"))

    ended(results.command("apply-cxl", 1), 0)
    owned(results.capture("cxl"), {INSIDE: "cxl"})
    status_agrees(results.command("status", 3), results.capture("cxl"), [INSIDE])
    agrees(results.command("verify-cxl"))
    pattern_intact(results.command("pattern-check", 2))
    ended(results.command("apply-cxl", 2), 0)
    same_modules(results.capture("before-second-cxl"), results.capture("after-second-cxl"))

    for name in ("hmem", "cxl"):
        helper = results.capture(name).read("proc/sys/kernel/modprobe")
        check(helper == "/sbin/modprobe", f"capture {name}: /proc/sys/kernel/modprobe was left at {helper!r}")


def agrees(command):
    """verify found what was predicted."""
    ended(command, 0)
    content = document(command, "verify")
    check(content["matches"] is True and content["differences"] == [], f"{command}: matches is not true")


CASES = [Case("locked-there-and-back", "locked", SCRIPT, judge, kernels=("coordinated",), shapes=EVERY_SHAPE,
              may_follow=True)]
