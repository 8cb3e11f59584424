"""Functions, measured by the Swift benchmark library in Benchmarks/Functions."""
import json
import re
import subprocess
import sys

from daxbench.figures import Figure, seconds
from daxbench.place import REPOSITORY
from daxbench.processes import Unmeasured

# A plan is not made for ten times as many ranges if it could take longer than this by the square of its size.
PATIENCE = 120
SIZES = (100, 1_000, 10_000, 100_000)
# getrusage(2) counts the processor in ticks of 10 ms: for less than this the fastest run on the clock says more.
SHORT = 0.05


def package(*words, **options):
    """Runs the package manager in Benchmarks."""
    return subprocess.run(["swift", "package", "--package-path", str(REPOSITORY / "Benchmarks"), "--scratch-path",
                           str(REPOSITORY / ".build/benchmarks"), "--disable-sandbox", *words], text=True, **options)


def times(pattern):
    """{name of a benchmark: seconds}, of those whose whole name matches.

    Processor time, which other work disturbs least, if all of them are long enough for that; else the fastest run on the clock: what
    is compared is measured alike.
    """
    run = package("benchmark", "--target", "Functions", "--filter", pattern, "--format", "jmh", "--path", "stdout",
                  "--no-progress", "--quiet", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    match = re.search(r"^\[\{.*\}\]$", run.stdout, re.MULTILINE)
    if run.returncode or not match:
        raise Unmeasured(f"the benchmarks {pattern} ended {run.returncode}:\n{run.stdout[-1000:]}{run.stderr[-2000:]}")
    processor, fastest = {}, {}
    for element in json.loads(match[0]):
        name = element["benchmark"].removeprefix("package.benchmark.Functions.")
        processor[name] = element["secondaryMetrics"]["Time (total CPU)"]["score"] / 1e6
        fastest[name] = element["secondaryMetrics"]["Time (wall clock)"]["scorePercentiles"]["0.0"] / 1e6
    return processor if min(fastest.values()) >= SHORT else fastest


def parsing():
    """/proc/iomem of a million lines, beside a parser in C that builds the same tree."""
    found = times("parse:.*")
    return Figure("`/proc/iomem` parsed, 1,000,000 lines", found["parse:1000000"], peer=found["parse:1000000:peer"],
                  peer_name="a parser in C", reach=1.3)


def planning():
    """{size: (the plan's time, that of sorting as many ranges)}, as far as patience goes."""
    pairs = {}
    for size in SIZES:
        found = times(f"plan:{size}(:peer)?")
        if f"plan:{size}" not in found:
            # The library counts how often a second something is done, and exports nothing for which that rounds to 0.
            print(f"bench: a plan for {size:,} ranges takes too long to be exported; it is left out", file=sys.stderr)
            break
        pairs[size] = found[f"plan:{size}"], found[f"plan:{size}:peer"]
        if pairs[size][0] * 100 > PATIENCE:
            break
    return pairs


def planning_figures(pairs):
    """The figures of `planning`."""
    result = [Figure(f"plan, {size:,} ranges", plan, seconds, sort, "sorting them", 20 if size == 10_000 else None)
              for size, (plan, sort) in pairs.items()]
    if 10_000 in pairs:
        result.append(Figure("plan, 10,000 ranges", pairs[10_000][0], seconds, pairs[1_000][0], "1,000 ranges", 12))
    return result
