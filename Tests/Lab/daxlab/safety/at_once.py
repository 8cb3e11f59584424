"""Two runs begin at once, a hundred times, and the package is purged and installed again in between."""
import re

from daxlab.case import Case
from daxlab.checks import check, pattern_intact
from daxlab.platforms import INSIDE
from daxlab.safety.kills import LINE, lines_of

ROUNDS = 100
# In one of so many rounds the package is installed again.
PACKAGE = 10
# What the guest says of a round.
ROUND = re.compile(r"^\d+: \w+ ended (\d+), \w+ (\d+), reinstalled (\w+);")
# Done; undone or not begun for what the other one did; refused, as the machine has changed; busy.
CODES = {"0", "1", "3", "75"}


def codes_of(line):
    """The exit codes of both runs, and whether the package was installed again: its scripts' code, or "no"."""
    return ROUND.search(line).groups()


def is_right(line):
    """Whether a run was done and none stopped half-way, one owner has the memory, and nothing is left to do.

    A purge takes the hold and the kept facts away: where it happened, both runs may be refused as the machine has changed.
    """
    first, second, package = codes_of(line)
    found = LINE.search(line)
    return bool({first, second} <= CODES and ("0" in (first, second) or package == "0") and package in ("no", "0")
                and found and found[2] in ("hmem", "cxl") and found[3] == "closed")


def script(rounds):
    """So many rounds; the pattern is looked for at the end."""
    return (f". /lab/safety.sh\nstart_udev\npattern write {INSIDE.start:#x}\ncap before\n"
            f"for round in $(seq {rounds}); do two_at_once $round {INSIDE.start:#x}; done\n"
            f"settle\ncap after\npattern check {INSIDE.start:#x}\n")


def judge_for(rounds):
    """A judge of so many rounds."""
    def judge(results, kernel):
        lines = lines_of(results.directory)
        check(len(lines) == rounds, f"only {len(lines)} of {rounds} rounds were seen through")
        for line in lines:
            check(is_right(line), f"not as it has to be: {line}")
        check(sum(codes_of(line)[2] == "0" for line in lines) == (rounds + 1) // PACKAGE, "the package was not installed again")
        pattern_intact(results.command("pattern-check"))
    return judge


def case(rounds=ROUNDS):
    """So many rounds. After each, one of two owners has the memory, nothing is left to recover, no hold is half there."""
    return Case("two-at-once", "locked", script(rounds), judge_for(rounds), kernels=("coordinated",), group="safety")


CASES = [case()]
