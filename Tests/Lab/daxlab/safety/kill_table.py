"""What became of every kill, and of runs that began at once, as sections of docs/safety-table.md."""
from collections import Counter

from daxlab.results import Results
from daxlab.safety import at_once, reboots
from daxlab.safety.kills import KILLS, lines_of, was_killed

KILLS_HEAD = """Killed with SIGKILL: each run right after it has written or removed one of its files, wherever it does so, or at a line
of its journal; then `daxswitch recover --yes --wait 60` runs, and udev is told of the devices again. A kill is counted as right if what
there is then is what was there before or what was to be, the hold is there whole or not at all, and a second `recover`
finds nothing to do. The pattern in the memory is whole at the end. A run that ends before it comes to a point is not killed
there, and not counted. On 6.12 the region is one that the kernel can't assemble, as it resets locked decoders, and only
the way to dax_hmem is taken.

| what is killed | kernel | points | right | verdict |
|---|---|---|---|---|
"""
AT_ONCE_HEAD = """`apply hmem` and `apply cxl` begin within a second of each other; every other time each waits for the lock, and every
tenth time the package's scripts purge it and install it again meanwhile, and `rmmod` and `modprobe` return the memory to
CXL afterwards. A round is counted as right if at least one run is done (after a purge both may be refused, as the machine has
changed) and none ends half-way, one of the two owners has the memory, the hold is there whole or not at all, and `recover`
finds nothing to do.

| kernel | right | exit codes of the runs | installed again | verdict |
|---|---|---|---|---|
"""


def kills(verdicts, out):
    """The section of the kills."""
    return KILLS_HEAD + "".join(f"{kill_row(verdict, out / verdict.kernel / verdict.case)}\n" for verdict in verdicts)


def kill_row(verdict, directory):
    """One case: how many kills there were, and what came of them."""
    run = next((run for run in KILLS if (run.name, run.kernel) == (verdict.case, verdict.rules)), None)
    if not run:
        # Its judge looks at every boot.
        results = Results(directory)
        points = sum(1 for step in results.steps if step.name.endswith("-cut"))
        right = "" if verdict.why else "{0} of {0}".format(reboots.cut_off(results, points))
        return f"| `apply hmem`, as the host goes down within each step | {verdict.kernel} | {points} | {right} | {word(verdict)} |"
    killed = [line for line in lines_of(directory) if was_killed(line)]
    right = sum(run.is_right(line) for line in killed)
    return f"| {run.words} | {verdict.kernel} | {len(run.lines)} | {right} of {len(killed)} | {word(verdict)} |"


def at_once_rows(verdicts, out, rounds):
    """The section of the runs that begin at once, so many times."""
    rows = []
    for verdict in verdicts:
        lines = lines_of(out / verdict.kernel / verdict.case)
        right = sum(at_once.is_right(line) for line in lines)
        codes = Counter(code for line in lines for code in at_once.codes_of(line)[:2])
        told = ", ".join(f"{code}: {number}" for code, number in sorted(codes.items(), key=lambda pair: int(pair[0])))
        again = sum(at_once.codes_of(line)[2] == "0" for line in lines)
        rows.append(f"| {verdict.kernel} | {right} of {rounds} | {told} | {again} | {word(verdict)} |\n")
    return AT_ONCE_HEAD + "".join(rows)


def word(verdict):
    """Whether the judge was content."""
    return f"failed: {verdict.why.splitlines()[0]}" if verdict.why else "passed"
