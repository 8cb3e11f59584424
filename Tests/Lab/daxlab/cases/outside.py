"""Soft Reserved memory outside every CXL window is dax_hmem's, whatever happens to the ranges inside."""
from daxlab.case import EVERY_SHAPE, Case
from daxlab.checks import ended, owned, refused, status_agrees, untouched
from daxlab.platforms import INSIDE, OUTSIDE

ELSEWHERE_SCRIPT = """
start_udev
cap booted
t status --json
t apply hmem --yes --json
settle
cap after
"""

SWITCH_SCRIPT = """
start_udev
cap booted
t status --json
t apply hmem --yes --json
settle
cap hmem
t status --json
t apply cxl --yes --json
settle
cap cxl
t status --json
"""

KEEP_SCRIPT = """
start_udev
cap booted
t status --json
t apply hmem --yes --json
settle
cap refused
t apply cxl --yes --json
settle
cap cxl
"""


def judge_elsewhere(results, kernel):
    """The range is dax_hmem's from boot, and the policy that wants this has nothing to do."""
    owned(results.capture("booted"), {OUTSIDE: "hmem"})
    status_agrees(results.command("status"), results.capture("booted"), [OUTSIDE])
    ended(results.command("apply-hmem"), 0)
    untouched(results.capture("booted"), results.capture("after"))


def judge_switch(results, kernel):
    """The range inside goes to dax_hmem and back; the one outside is dax_hmem's at every stage."""
    for occurrence, (name, inside) in enumerate((("booted", "cxl"), ("hmem", "hmem"), ("cxl", "cxl")), 1):
        owned(results.capture(name), {OUTSIDE: "hmem", INSIDE: inside})
        status_agrees(results.command("status", occurrence), results.capture(name), [OUTSIDE, INSIDE])
    ended(results.command("apply-hmem"), 0)
    ended(results.command("apply-cxl"), 0)


def judge_keep(results, kernel):
    """What would lose the region is refused, and what the CXL policy wants holds already."""
    booted = results.capture("booted")
    owned(booted, {OUTSIDE: "hmem", INSIDE: "cxl"})
    status_agrees(results.command("status"), booted, [OUTSIDE, INSIDE])
    refused(results.command("apply-hmem"), "region-lost", "reboot")
    untouched(booted, results.capture("refused"))
    ended(results.command("apply-cxl"), 0)
    untouched(booted, results.capture("cxl"))


CASES = [
    Case("elsewhere", "elsewhere", ELSEWHERE_SCRIPT, judge_elsewhere, shapes=EVERY_SHAPE, leaves_as_found=True),
    Case("mixed-there-and-back", "mixed-locked", SWITCH_SCRIPT, judge_switch, kernels=("coordinated",),
         shapes=EVERY_SHAPE, may_follow=True),
    Case("mixed-refused", "mixed-unlocked", KEEP_SCRIPT, judge_keep, kernels=("6.12",), shapes=EVERY_SHAPE,
         leaves_as_found=True),
]
