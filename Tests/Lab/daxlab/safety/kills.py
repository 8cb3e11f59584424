"""The tool is killed at every line of its journal and within every step; `recover` then brings one of two owners."""
import re

from daxlab.case import Case
from daxlab.checks import check, owned, pattern_intact
from daxlab.platforms import INSIDE
from daxlab.results import Results

# A run of five steps writes its beginning, two lines for each step, and its end.
LINES = 12
# What the guest says of one kill: the code of `recover`, the owner after it, whether the journal is closed.
LINE = re.compile(r"recover ended (\d+); ([a-z+]+); (.*)$")
# Long enough after a step has begun to be within its settling.
WITHIN = 150


def script(policy, start):
    """Kills `apply POLICY`, on a machine whose memory `start` owns, at every point."""
    points = [(line, 0) for line in range(1, LINES)] + [(line, WITHIN) for line in range(2, LINES, 2)]
    first = f"t apply {start} --yes --json\n" if start != "cxl" else ""
    kills = "".join(f"kill_at {policy} {line} {delay} {INSIDE.start:#x} {start}\n" for line, delay in points)
    return (f". /lab/safety.sh\nstart_udev\npattern write {INSIDE.start:#x}\n{first}cap before\n{kills}"
            f"cap after\npattern check {INSIDE.start:#x}\n")


def lines_of(directory):
    """A line for every kill of a run."""
    steps = [step for step in Results(directory).steps if step.name.endswith("-kills")]
    return (steps[-1] / "kills").read_text().splitlines() if steps else []


def judge_for(policy, start):
    """A judge of the line that every kill left."""
    def judge(results, kernel):
        owned(results.capture("before"), {INSIDE: start})
        lines = lines_of(results.directory)
        check(len(lines) == LINES - 1 + LINES // 2 - 1, f"only {len(lines)} kills were seen through")
        check(sum(": killed;" in line for line in lines) >= len(lines) - 2, "apply often ended before it was killed")
        for line in lines:
            found = LINE.search(line)
            check(found and found[2] in (policy, start), f"a third owner: {line}")
            check(found[1] in ("0", "1") and found[3] == "closed", f"not recovered: {line}")
        owned(results.capture("after"), {INSIDE: start})
        pattern_intact(results.command("pattern-check"))
    return judge


CASES = [Case(f"kills-{policy}", "locked", script(policy, start), judge_for(policy, start), kernels=("coordinated",),
              group="safety")
         for policy, start in (("hmem", "cxl"), ("cxl", "hmem"))]
