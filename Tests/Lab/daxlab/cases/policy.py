"""A policy whose order can't lead to what it wants is refused before anything is touched."""
from daxlab.case import EVERY_SHAPE, Case
from daxlab.checks import check, ended, owned, untouched
from daxlab.platforms import INSIDE

# cxl_acpi stays in: after the initial probe, and always on 6.12, dax_hmem leaves every range in a window to the CXL drivers.
SCRIPT = """
cat > /run/impossible.toml <<'END'
summary = "dax_hmem owns what a CXL region covers, with cxl_acpi left in."
order = ["unload:dax_cxl", "unload:dax_hmem", "load:dax_hmem"]
[want]
covered_by_region = "hmem"
window_only = "any"
outside_windows = "hmem"
[consent]
offline_memory = false
lose_regions = false
END
start_udev
cap before
t apply /run/impossible.toml --yes --json
settle
cap after
"""


def judge(results, kernel):
    """Refused or called a bad policy; the owner that can't be had is named."""
    command = results.command("apply")
    ended(command, 3, 65)
    said = command.stdout + command.stderr
    check("hmem" in said, f"{command} does not name the owner that the order can't reach: {said[-300:]!r}")
    owned(results.capture("before"), {INSIDE: "cxl"})
    untouched(results.capture("before"), results.capture("after"))


CASES = [Case("impossible-policy", "locked", SCRIPT, judge, shapes=EVERY_SHAPE, leaves_as_found=True)]
