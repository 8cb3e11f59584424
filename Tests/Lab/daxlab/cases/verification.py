"""Reading only: plans, recordings, and a verification that finds the machine otherwise."""
from daxlab.case import EVERY_SHAPE, Case
from daxlab.checks import check, document, ended, owned, status_agrees, untouched
from daxlab.platforms import INSIDE

SCRIPT = """
start_udev
cap before
t collect /run/recorded
t plan hmem --json --out /run/hmem.plan
t plan hmem --detailed-exitcode
t verify hmem --json
t verify /run/hmem.plan --json
t plan hmem --root /run/recorded --json
t status --root /run/recorded --json
settle
cap after
"""


def judge(results, kernel):
    """verify ends 4 and names the range; a recording gives the same plan and status as the machine."""
    before = results.capture("before")
    owned(before, {INSIDE: "cxl"})
    ended(results.command("collect"), 0)
    live = results.command("plan-hmem", 1)
    ended(live, 0)
    ended(results.command("plan-hmem", 2), 2)
    differs(results.command("verify-hmem"))
    differs(results.command("verify"))

    recorded = results.command("plan-hmem", 3)
    ended(recorded, 0)
    plans = [document(command, "plan") for command in (live, recorded)]
    for member in ("steps", "ranges", "hazards", "certain"):
        check(plans[0][member] == plans[1][member], f"{recorded}: {member} differ from those of the machine itself")
    for segment in plans[0]["ranges"]:
        check(segment["owners"] == ["hmem"],
              f"{live}: {segment['start']} is predicted for {segment['owners']}, not hmem")
    status_agrees(results.command("status"), before, [INSIDE])
    untouched(before, results.capture("after"))


def differs(command):
    """verify found the CXL drivers where dax_hmem was expected."""
    ended(command, 4)
    content = document(command, "verify")
    check(content["matches"] is False and content["differences"], f"{command}: no difference is listed")
    check(any(int(part["start"], 16) == INSIDE.start for part in content["differences"]),
          f"{command}: no difference begins at {INSIDE.start:#x}")


CASES = [Case("verify-differs", "locked", SCRIPT, judge, kernels=("coordinated",), shapes=EVERY_SHAPE,
              leaves_as_found=True)]
