"""Somebody has removed cxl_acpi before daxswitch is asked: whether decoders still answer is not to be seen."""
from daxlab.case import BOTH, Case
from daxlab.checks import check, document, ended, owned, pattern_intact, refused, segments, untouched
from daxlab.platforms import GETS_REGION, INSIDE, PLATFORMS

REMOVED = """
start_udev
/sbin/rmmod dax_cxl
/sbin/rmmod dax_hmem
/sbin/rmmod cxl_acpi
settle
cap removed
t status --json
t apply hmem --yes --json
settle
cap refused
"""
# What the refusal names as the fix.
SEEN = """
/sbin/modprobe -a cxl_acpi cxl_pci cxl_mem
settle
cap seen
run next-boot daxswitch plan --next-boot --json
t apply hmem --yes --json
settle
cap after
"""

# The pattern is written before udev runs; afterwards nobody may own the range.
WRITTEN = f"""
insert dax_hmem
pattern write {INSIDE.start:#x}
/sbin/rmmod dax_hmem
"""


# The fix that shows the decoders.
SHOWS = "modprobe -a cxl_acpi cxl_pci cxl_mem"


def judge_refused(results):
    """Without decoders in sight dax_hmem is not let at the range, and the fix is named."""
    owned(results.capture("removed"), {INSIDE: "none"})
    status = results.command("status")
    ended(status, 0)
    fixes = [finding["fix"] for finding in document(status, "status")["findings"] if finding["id"] == "no-owner"]
    check(len(fixes) == 1 and SHOWS in fixes[0], f"{status}: no-owner does not name {SHOWS!r}: {fixes}")
    refused(results.command("apply-hmem", 1), "undecoded-range", SHOWS)
    untouched(results.capture("removed"), results.capture("refused"))


def boots_as_before(results, platform, kernel):
    """What is predicted for the next boot leaves room for what this platform is after each boot (cases boot-owners)."""
    command = results.command("next-boot")
    ended(command, 0)
    wanted = PLATFORMS[platform].owners(kernel)[INSIDE]
    inside = {range_: segment["owners"] for range_, segment in segments(document(command, "next-boot"), command).items()
              if range_.start <= INSIDE.end and INSIDE.start <= range_.end}
    check(sum(range_.size for range_ in inside) == INSIDE.size, f"{command}: not all of {INSIDE} is predicted")
    for range_, owners in inside.items():
        check(wanted in owners, f"{command}: {range_} will have {owners}, but boots as {wanted}")


def judge_lost(results, kernel):
    """The decoders of an unlocked region went with cxl_acpi: once that shows, it is refused for certain."""
    judge_refused(results)
    boots_as_before(results, "unlocked", kernel)
    left = results.capture("seen").programmed_decoders()
    check(not left, f"decoders are still programmed: {left}")
    refused(results.command("apply-hmem", 2), "undecoded-range", GETS_REGION[kernel])
    untouched(results.capture("seen"), results.capture("after"))


def judge_kept(results, kernel):
    """The decoders of a region that was never assembled are still there: dax_hmem gets it, with its contents."""
    pattern_intact(results.command("pattern-write"))
    judge_refused(results)
    boots_as_before(results, "unassembled", kernel)
    ended(results.command("apply-hmem", 2), 0)
    owned(results.capture("after"), {INSIDE: "hmem"})
    pattern_intact(results.command("pattern-check"))


CASES = [
    Case("removed-by-hand-lost", "unlocked", REMOVED + SEEN, judge_lost, kernels=BOTH),
    Case("removed-by-hand-kept", "unassembled", WRITTEN + REMOVED + SEEN + f"pattern check {INSIDE.start:#x}\n",
         judge_kept, kernels=BOTH),
]
