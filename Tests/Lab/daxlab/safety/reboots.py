"""The host goes down while the tool is at work; the next boot has the firmware's owners, and nothing is in the way."""
from daxlab.case import Case
from daxlab.checks import check, document, ended, owned
from daxlab.platforms import INSIDE
from daxlab.safety.kills import LINES, WITHIN

# In the middle of each of the five steps.
POINTS = [(line, WITHIN) for line in range(2, LINES, 2)]


def boot(number):
    """The script of one boot: what the one before left is looked at, then the next run is cut off."""
    line, delay = POINTS[number]
    return (f". /lab/safety.sh\nstart_udev\nt recover --yes --json\nt history --json\ncap boot\n"
            f"run cut killer /run/daxswitch/journal {line} {delay} daxswitch apply hmem --yes --json\nhand_over_state\n")


LAST = """
start_udev
t recover --yes --json
t history --json
cap boot
t apply hmem --yes --json
settle
cap switched
t history --json
"""


def cut_off(results):
    """How many runs were cut off."""
    cut = [results.command("cut", number) for number in range(1, len(POINTS) + 1)]
    return sum(command.stdout.strip().endswith("killed") for command in cut)


def judge(results, kernel):
    """Every boot begins with the firmware's owner and nothing to recover; after the last one the switch works."""
    for number in range(1, len(POINTS) + 2):
        owned(results.capture("boot", number), {INSIDE: "cxl"})
        recovered = results.command("recover", number)
        ended(recovered, 0)
        check(document(recovered, "recover")["changed"] is False, f"{recovered} changed something")
        ended(results.command("history", number), 0)
    cut = cut_off(results)
    check(cut >= len(POINTS) - 1, f"only {cut} runs were cut off")
    ended(results.command("apply-hmem"), 0)
    owned(results.capture("switched"), {INSIDE: "hmem"})
    check("hmem" in results.command("history", len(POINTS) + 2).stdout, "the last run is not in the history")


CASES = [Case("reboots-hmem", "locked", boot(0), judge, kernels=("coordinated",), group="safety",
              later_boots=(*(boot(number) for number in range(1, len(POINTS))), LAST))]
