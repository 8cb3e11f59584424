"""Regions that can't come back as they were: refused with the reason, or nothing is done, and nothing changes."""
from daxlab.case import Case
from daxlab.checks import check, document, ended, refused, untouched
from daxlab.platforms import DEVICE_SIZE, FIRST_WINDOW, INSIDE
from daxlab.restoring.layout import contents, gone, layouts, whole_as
from daxlab.restoring.lost import named
from daxlab.restoring.reloads import SHELL

BEGIN = f"{SHELL}start_udev\npatterns write\nt apply cxl --yes --json\ncap before\n"
ASK = """
cap lost
t status --json
t apply cxl --yes --json
run text daxswitch apply cxl --yes
settle
cap after
"""
# 6.12 keeps a Soft Reserved line, and puts a new region behind it.
PLACE = f"""{BEGIN}
t apply reload --yes --json
cap refused
lose
load
{ASK}"""
# The region in the middle is destroyed, as `cxl` does it.
ORDER = f"""{BEGIN}
destroyed=$(committed_regions | sed -n 2p)
run destroy cxl destroy-region --force $destroyed
settle
{ASK}t apply reload --yes --json
settle
cap reloaded
patterns check
"""
# One of two memory devices is removed while the region is lost.
MISSING = f"""{BEGIN}
lose
echo 1 > $devices/mem1/../remove
load
{ASK}"""
# Somebody has made another region over the first half of the bytes.
TAKEN = f"""{BEGIN}
lose
with_cxl 2
bound_region ram {DEVICE_SIZE:#x} {FIRST_WINDOW:#x} 1
settle
{ASK}"""


def not_restored(results, *reasons, fix=""):
    """`status` names the loss with a reason or with `fix`, `apply cxl` says the reason, and nothing changes."""
    lost, after = results.capture("lost"), results.capture("after")
    untouched(lost, after)
    finding = named(results.command("status"))
    check(finding, "status does not name the loss")
    command = results.command("apply-cxl", 2)
    ended(command, 0, 3)
    check(document(command, "apply").get("changed") is not True, f"{command}: something was changed")
    text = results.command("text")
    said = command.stdout + command.stderr + text.stdout + text.stderr
    check(fix in finding["fix"], f"status: the fix is {finding['fix']!r}")
    for reason in reasons:
        check(fix or reason in finding["fix"], f"status: the fix does not say {reason!r}: {finding['fix']!r}")
        check(reason in said, f"{command} does not say {reason!r}: {said[-600:]!r}")


def judge_place(results, kernel):
    """The reload is refused before anything is lost; after a loss by hand the reason is the same."""
    place = f"the kernel would place it at {INSIDE.end + 1:#x}"
    refused(results.command("apply-reload"), "region-lost", place, "Soft Reserved")
    untouched(results.capture("before"), results.capture("refused"))
    gone(results.capture("lost"))
    not_restored(results, place, "Soft Reserved")


def judge_order(results, kernel):
    """A region with a higher one alive below the same host bridge: a reload, which tears down all of them, restores it."""
    ended(results.command("destroy"), 0)
    alive = layouts(results.capture("lost"))
    check([layout.range.start - INSIDE.start for layout in alive] == [0, 2 * DEVICE_SIZE], f"capture lost: {alive}")
    not_restored(results, "lies at a higher address", fix="daxswitch apply reload")
    ended(results.command("apply-reload"), 0)
    whole_as(results.capture("before"), results.capture("reloaded"))
    return contents(results)


def judge_missing(results, kernel):
    """A memory device that is no longer there."""
    gone(results.capture("lost"))
    not_restored(results, "is missing")


def judge_taken(results, kernel):
    """The bytes are another region's by then, which stays."""
    alive = layouts(results.capture("lost"))
    check([layout.range for layout in alive] == [INSIDE], f"capture lost: {alive}")
    not_restored(results, "overlaps it")


CASES = [
    Case("restore-refused-place", "unlocked", PLACE, judge_place, kernels=("6.12",), group="restore"),
    Case("restore-refused-order", "trio-unlocked", ORDER, judge_order, kernels=("coordinated",), group="restore"),
    Case("restore-refused-missing", "pair-unlocked", MISSING, judge_missing, kernels=("coordinated",), group="restore"),
    Case("restore-refused-taken", "pair-unlocked", TAKEN, judge_taken, kernels=("coordinated",), group="restore"),
]
