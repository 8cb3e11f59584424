"""A region that the kernel finds but can't assemble: its decoders stay as they are, so dax_hmem can have it."""
from daxlab.case import EVERY_SHAPE, Case
from daxlab.checks import ended, owned, pattern_intact, status_agrees, untouched
from daxlab.platforms import INSIDE

# The pattern is written before any CXL module loads: afterwards nobody owns the range.
TAKE_SCRIPT = f"""
insert dax_hmem
pattern write {INSIDE.start:#x}
/sbin/rmmod dax_hmem
/sbin/rmmod device_dax
start_udev
cap booted
t status --json
t apply hmem --yes --json
settle
cap hmem
t status --json
t verify hmem --json
pattern check {INSIDE.start:#x}
"""

NOTHING_SCRIPT = """
start_udev
cap booted
t status --json
t apply hmem --yes --json
settle
cap after
"""


def judge_take(results, kernel):
    """Nobody owns the range after boot; apply gives it to dax_hmem, with its contents."""
    pattern_intact(results.command("pattern-write"))
    owned(results.capture("booted"), {INSIDE: "none"})
    status_agrees(results.command("status", 1), results.capture("booted"), [INSIDE])
    ended(results.command("apply-hmem"), 0)
    owned(results.capture("hmem"), {INSIDE: "hmem"})
    status_agrees(results.command("status", 2), results.capture("hmem"), [INSIDE])
    ended(results.command("verify-hmem"), 0)
    pattern_intact(results.command("pattern-check"))


def judge_nothing(results, kernel):
    """dax_hmem owns the range after boot already; apply has nothing to do."""
    owned(results.capture("booted"), {INSIDE: "hmem"})
    status_agrees(results.command("status"), results.capture("booted"), [INSIDE])
    ended(results.command("apply-hmem"), 0)
    untouched(results.capture("booted"), results.capture("after"))


CASES = [
    Case("unassembled-taken", "unassembled", TAKE_SCRIPT, judge_take, kernels=("6.12",)),
    Case("unassembled-nothing-to-do", "unassembled", NOTHING_SCRIPT, judge_nothing, kernels=("coordinated",),
         shapes=EVERY_SHAPE, leaves_as_found=True),
]
