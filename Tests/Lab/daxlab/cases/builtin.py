"""cxl_acpi is part of the kernel image: it is unbound where others remove it, and what goes wrong then changes nothing."""
from daxlab.case import BOTH, BUILTIN, Case
from daxlab.checks import check, cxl_stays_out, ended, owned, pattern_intact, refused, untouched
from daxlab.platforms import DEVICE_SIZE, GETS_REGION, INSIDE, LARGER, OUTSIDE, Range

ACPI = "/sys/bus/platform/drivers/cxl_acpi"
UNBIND = f"echo ACPI0017:00 > {ACPI}/unbind"

# There and back two times over: the second round finds what the first one found.
TWICE = f"""
start_udev
pattern write {INSIDE.start:#x}
cap booted
t plan hmem
for round in 1 2; do
    t apply hmem --yes --json
    settle
    cap hmem
    t apply hmem --yes --json
    cap hmem-again
    pattern check {INSIDE.start:#x}
    t apply cxl --yes --json
    settle
    cap cxl
    t apply cxl --yes --json
    cap cxl-again
    pattern check {INSIDE.start:#x}
done
"""


def judge_twice(results, kernel, outside=()):
    """Every switch is carried out, none costs a byte, and the second round ends where the first one did.

    The ranges `outside` are dax_hmem's all the time.
    """
    pattern_intact(results.command("pattern-write"))
    plan = results.command("plan-hmem").stdout
    check("unbind cxl_acpi from ACPI0017:00 (built in)" in plan, f"the plan does not name the unbinding: {plan}")
    for number in (1, 2):
        for owner in ("hmem", "cxl"):
            ended(results.command(f"apply-{owner}", 2 * number - 1), 0)
            ended(results.command(f"apply-{owner}", 2 * number), 0)
            capture = results.capture(owner, number)
            owned(capture, {INSIDE: owner, **dict.fromkeys(outside, "hmem")})
            untouched(capture, results.capture(f"{owner}-again", number))
        cxl_stays_out(results.capture("hmem", number))
        pattern_intact(results.command("pattern-check", 2 * number - 1))
        pattern_intact(results.command("pattern-check", 2 * number))
    booted, first, second = results.capture("booted"), *(results.capture("cxl", number) for number in (1, 2))
    for capture in (first, second):
        check(capture.decoders() == booted.decoders(), f"capture {capture}: the decoders are {capture.decoders()}")
        check(capture.regions() == booted.regions(), f"capture {capture}: the regions are {capture.regions()}")


def judge_mixed(results, kernel):
    """The same beside a range that CXL has nothing to do with."""
    judge_twice(results, kernel, (OUTSIDE,))


# Nobody unbinds it but an administrator, by hand.
BY_HAND = f"""
start_udev
/sbin/rmmod dax_cxl
/sbin/rmmod dax_hmem
{UNBIND}
settle
cap unbound
t status --json
t apply hmem --yes --json
settle
cap refused
echo ACPI0017:00 > {ACPI}/bind
settle
cap seen
t apply hmem --yes --json
settle
cap after
"""


def judge_by_hand(results, kernel):
    """Without decoders in sight dax_hmem is not let at the range; with them it is refused for certain."""
    owned(results.capture("unbound"), {INSIDE: "none"})
    refused(results.command("apply-hmem", 1), "undecoded-range", f"echo ACPI0017:00 > {ACPI}/bind")
    untouched(results.capture("unbound"), results.capture("refused"))
    left = results.capture("seen").programmed_decoders()
    check(not left, f"decoders are still programmed: {left}")
    refused(results.command("apply-hmem", 2), "undecoded-range", GETS_REGION[kernel])
    untouched(results.capture("seen"), results.capture("after"))


TAKEN = f"""
start_udev
cap booted
t apply hmem --yes --json
settle
cap hmem
pattern write {INSIDE.start:#x}
t verify hmem --json
echo ACPI0017:00 > {ACPI}/bind
settle
pattern check {INSIDE.start:#x}
cap bound
t status --json
"""


def judge_taken(results, kernel):
    """A region that was never assembled keeps its decoders: dax_hmem gets the memory behind them."""
    owned(results.capture("booted"), {INSIDE: "none"})
    ended(results.command("apply-hmem"), 0)
    owned(results.capture("hmem"), {INSIDE: "hmem"})
    cxl_stays_out(results.capture("hmem"))
    pattern_intact(results.command("pattern-write"))
    ended(results.command("verify-hmem"), 0)
    pattern_intact(results.command("pattern-check"))
    check(results.capture("bound").programmed_decoders(), "the decoders were reset")


NONE = """
start_udev
cap booted
t status --json
t apply hmem --yes --json
settle
cap after
t apply cxl --yes --json
settle
cap at-the-end
"""


def judge_none(results, kernel):
    """A window without region: what nothing answers for is dax_hmem's or nobody's, and stays so."""
    owned(results.capture("booted"), {INSIDE: {"coordinated": "hmem", "6.12": "none"}[kernel]})
    if kernel == "6.12":
        refused(results.command("apply-hmem"), "undecoded-range")
    else:
        ended(results.command("apply-hmem"), 0)
    for name in ("after", "at-the-end"):
        untouched(results.capture("booted"), results.capture(name))


PARTLY = f"""
start_udev
cap booted
t plan hmem --json
t apply hmem --yes --json
settle
cap refused
t apply cxl --yes --json
settle
cap cxl
pattern write {INSIDE.start:#x}
pattern check {INSIDE.start:#x}
"""


def judge_partly(results, kernel):
    """dax_hmem holds more than the region covers, and no driver can have it; CXL gets what is covered."""
    owned(results.capture("booted"), {LARGER: "hmem"})
    untouched(results.capture("booted"), results.capture("refused"))
    ended(results.command("apply-cxl"), 0)
    rest = Range(INSIDE.end + 1, INSIDE.end + DEVICE_SIZE)
    owned(results.capture("cxl"), {INSIDE: "cxl", rest: "none"})
    pattern_intact(results.command("pattern-check"))


# A kernel that does not take the write: ENOSPC, as the file of another.
STUBBORN = f"""
start_udev
pattern write {INSIDE.start:#x}
cap before
mount --bind /dev/full {ACPI}/unbind
t apply hmem --yes --json
settle
cap after
t recover --json
umount {ACPI}/unbind
pattern check {INSIDE.start:#x}
"""
# Between the plan and its steps somebody unbinds the device, or the driver has no such file.
MEANWHILE = f"""
start_udev
t plan hmem --json --out /run/hmem.plan
/sbin/rmmod dax_cxl
/sbin/rmmod dax_hmem
{UNBIND}
settle
cap before
t apply /run/hmem.plan --yes --json
settle
cap after
"""


def judge_stubborn(results, kernel):
    """The refusal ends the run, and everything is as it was before: by way of the steps back."""
    ended(results.command("apply-hmem"), 1)
    said = results.command("apply-hmem").stdout
    check(f"{ACPI}/unbind" in said, f"the error does not name the file: {said[-300:]}")
    for name in ("before", "after"):
        owned(results.capture(name), {INSIDE: "cxl"})
        check(results.capture(name).acpi_driver() == "cxl_acpi", f"capture {name}: ACPI0017:00 has no driver")
    check(results.capture("before").decoders() == results.capture("after").decoders(), "decoders changed")
    ended(results.command("recover"), 0)
    pattern_intact(results.command("pattern-check"))


def judge_meanwhile(results, kernel):
    """A saved plan whose machine has changed is not carried out."""
    command = results.command("apply")
    ended(command, 3)
    check("stale" in command.stdout + command.stderr or "changed" in command.stdout + command.stderr,
          f"{command} does not say that the machine has changed: {command.stdout[-300:]}")
    untouched(results.capture("before"), results.capture("after"))


CASES = [
    Case("builtin-locked", "locked", TWICE, judge_twice, kernels=("coordinated",), shapes=BUILTIN, group="builtin"),
    Case("builtin-mixed", "mixed-locked", TWICE, judge_mixed, kernels=("coordinated",), shapes=BUILTIN, group="builtin"),
    Case("builtin-by-hand", "unlocked", BY_HAND, judge_by_hand, shapes=BUILTIN, group="builtin"),
    Case("builtin-unassembled", "unassembled", TAKEN, judge_taken, kernels=("6.12",), shapes=BUILTIN, group="builtin"),
    Case("builtin-none", "none", NONE, judge_none, kernels=BOTH, shapes=BUILTIN, group="builtin"),
    Case("builtin-partly", "partial", PARTLY, judge_partly, kernels=("coordinated",), shapes=BUILTIN, group="builtin"),
    Case("builtin-refuses", "locked", STUBBORN, judge_stubborn, kernels=("coordinated",), shapes=BUILTIN, group="builtin"),
    Case("builtin-meanwhile", "locked", MEANWHILE, judge_meanwhile, kernels=("coordinated",), shapes=BUILTIN,
         group="builtin"),
]
