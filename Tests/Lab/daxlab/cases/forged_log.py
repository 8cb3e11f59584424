"""A user without privilege puts text into the kernel log by crashing processes: no answer, no run and no journal changes."""
import json

from daxlab.case import Case
from daxlab.checks import check, ended, owned, refused, status_agrees
from daxlab.platforms import INSIDE

# What the tool answers; each question is asked without the forgeries and with them.
ANSWERS = """
answers() {
    t status --json
    t plan hmem --json
    t verify hmem --json
}
kept_journal() { cat "$(ls -t /run/daxswitch/journal* | head -n 1)"; }
"""

# While a run is going on, more forgeries come. The kernel prints at most ten in 5 s.
UNDER_ATTACK = """
while [ ! -e /run/enough ]; do /usr/bin/forger > /dev/null; sleep 1; done &
t apply hmem --yes --json
touch /run/enough
wait $!
run journal kept_journal
settle
cap hmem
t verify hmem --json
t recover --yes --json
"""

SCRIPT = f"""
{ANSWERS}
start_udev
cap booted
answers
run forged /usr/bin/forger
cap attacked
answers
{UNDER_ATTACK}
"""

# First a run without the forgeries, and back: what it left is what the other one has to leave.
TWICE_SCRIPT = f"""
{ANSWERS}
start_udev
cap booted
t apply hmem --yes --json
run journal kept_journal
t apply cxl --yes --json
settle
answers
run forged /usr/bin/forger
cap attacked
answers
{UNDER_ATTACK}
"""

# Nothing shows a decoder for the range. Only a log that is whole could, and a forged beginning does not make it whole.
UNDECODED_SCRIPT = f"""
{ANSWERS}
start_udev
cap booted
answers
persist hmem
run forged /usr/bin/forger
cap attacked
answers
persist hmem
"""

# One for each way that the kernel is told the text: the name of a process, of a binary, and both kinds of crash.
LEFT_IN_THE_LOG = ("Linux version 9[", "in user-defined physical RAM map:[", "BUG:[", "traps: Oops:[")


def forged(results):
    """Every process crashed, and the kernel printed the names: otherwise nothing was attacked."""
    ended(results.command("forged"), 0)
    log = results.kernel_log()
    for text in LEFT_IN_THE_LOG:
        check(text in log, f"the kernel log lacks {text!r}: the forgery failed")


def answer(command):
    """The document of a command without the time at which it was made, and without the digest that the time is in."""
    return {name: value for name, value in command.json().items() if name not in ("made_at", "digest")}


def same_answers(results):
    """Documents and exit codes are as before the forgeries."""
    for name in ("status", "plan-hmem", "verify-hmem"):
        before, after = (results.command(name, occurrence) for occurrence in (1, 2))
        check(before.code == after.code, f"{name} ended {before.code} before the forgeries and {after.code} after them")
        check(answer(before) == answer(after), f"{name} printed another document after the forgeries")


def events(command):
    """What a journal says, without the plan: (event, number of the step, how the run ended) of each line."""
    ended(command, 0)
    lines = [json.loads(line) for line in command.stdout.splitlines()]
    return [(line["event"], line.get("index"), line.get("outcome")) for line in lines]


def run_under_attack(results, occurrence):
    """The run is carried out to its end, and nothing is left to recover."""
    ended(results.command("verify-hmem", 2), 4)
    ended(results.command("apply-hmem", occurrence), 0)
    owned(results.capture("hmem"), {INSIDE: "hmem"})
    ended(results.command("verify-hmem", 3), 0)
    ended(results.command("recover"), 0)
    last = events(results.command("journal", occurrence))[-1]
    check(last[0] == "finished", f"the journal ends with {last[0]}, not with finished")


def judge(results, kernel):
    """A range that nobody has goes to dax_hmem, with forgeries before and meanwhile."""
    forged(results)
    status_agrees(results.command("status", 2), results.capture("attacked"), [INSIDE])
    same_answers(results)
    run_under_attack(results, 1)


def judge_twice(results, kernel):
    """A region goes to dax_hmem, first without forgeries, then with them: both runs are the same."""
    forged(results)
    status_agrees(results.command("status", 2), results.capture("attacked"), [INSIDE])
    same_answers(results)
    ended(results.command("apply-hmem", 1), 0)
    ended(results.command("apply-cxl"), 0)
    run_under_attack(results, 2)
    without, with_forgeries = (events(results.command("journal", occurrence)) for occurrence in (1, 2))
    check(without == with_forgeries, f"the journal differs: {without} without forgeries, {with_forgeries} with them")


def judge_undecoded(results, kernel):
    """A choice that would crash at every boot is refused, before the forgeries and after them."""
    forged(results)
    status_agrees(results.command("status", 2), results.capture("attacked"), [INSIDE])
    same_answers(results)
    for occurrence in (1, 2):
        refused(results.command("persist-hmem", occurrence), "undecoded-range")


CASES = [
    Case("forged-log", "locked", TWICE_SCRIPT, judge_twice, kernels=("coordinated",), may_follow=True),
    Case("forged-log", "unassembled", SCRIPT, judge, kernels=("6.12",), may_follow=True),
    Case("forged-log-undecoded", "none", UNDECODED_SCRIPT, judge_undecoded, may_follow=True),
]
