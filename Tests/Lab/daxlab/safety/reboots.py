"""The host goes down while the tool is at work; the next boot has the firmware's owners, and nothing is in the way."""
from daxlab.case import BUILTIN, MODULAR, Case
from daxlab.checks import check, document, ended, owned
from daxlab.platforms import INSIDE
from daxlab.safety.kills import LINES, WITHIN

# How many steps `apply hmem` has: a driver of the image needs no hold.
STEPS = {"modular": (LINES - 2) // 2, "builtin": 4}


def boot(number):
    """The script of one boot: what the one before left is looked at, then the next run is cut off in the middle of a step."""
    line, delay = 2 * number, WITHIN
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


def cut_off(results, steps):
    """How many runs were cut off."""
    cut = [results.command("cut", number) for number in range(1, steps + 1)]
    return sum(command.stdout.strip().endswith("killed") for command in cut)


def judge_for(steps):
    """A judge of as many boots as a run has steps, and one."""
    def judge(results, kernel):
        """Every boot begins with the firmware's owner and nothing to recover; after the last one the switch works."""
        for number in range(1, steps + 2):
            owned(results.capture("boot", number), {INSIDE: "cxl"})
            recovered = results.command("recover", number)
            ended(recovered, 0)
            check(document(recovered, "recover")["changed"] is False, f"{recovered} changed something")
            ended(results.command("history", number), 0)
        cut = cut_off(results, steps)
        check(cut >= steps - 1, f"only {cut} runs were cut off")
        ended(results.command("apply-hmem"), 0)
        owned(results.capture("switched"), {INSIDE: "hmem"})
        check("hmem" in results.command("history", steps + 2).stdout, "the last run is not in the history")
    return judge


CASES = [Case(f"reboots-hmem{suffix}", "locked", boot(1), judge_for(STEPS[shapes[0]]), kernels=("coordinated",), group="safety",
              shapes=shapes, later_boots=(*(boot(number) for number in range(2, STEPS[shapes[0]] + 1)), LAST))
         for suffix, shapes in (("", MODULAR), ("-builtin", BUILTIN))]
