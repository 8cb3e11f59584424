"""What would lose a region is refused: nothing is touched, and the fix is named."""
from daxlab.case import BOTH, EVERY_SHAPE, Case
from daxlab.checks import owned, refused, untouched
from daxlab.platforms import INSIDE

SCRIPT = """
start_udev
cap before
t plan hmem --json
t apply hmem --yes --json
settle
cap after
t apply hmem --yes
cap at-the-end
"""


def judge(results, kernel):
    """plan and apply end 3 in both forms of output; the machine stays as it was."""
    before = results.capture("before")
    owned(before, {INSIDE: "cxl"})
    refused(results.command("plan-hmem"), "region-lost", "reboot")
    refused(results.command("apply-hmem", 1), "region-lost", "reboot")
    refused(results.command("apply-hmem", 2), "region-lost", "reboot")
    for name in ("after", "at-the-end"):
        untouched(before, results.capture(name))


CASES = [
    Case("unlocked-refused", "unlocked", SCRIPT, judge, kernels=BOTH, shapes=EVERY_SHAPE, leaves_as_found=True),
    # This kernel shows the lock and resets the decoders anyway.
    Case("locked-refused", "locked", SCRIPT, judge, kernels=("6.12",), shapes=EVERY_SHAPE, leaves_as_found=True),
]
