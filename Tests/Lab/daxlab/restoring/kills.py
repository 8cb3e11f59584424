"""A run that restores a region is killed after each of its writes; what is left is a whole region or none."""
import re
from dataclasses import dataclass

from daxlab.case import BOTH, Case
from daxlab.checks import check
from daxlab.platforms import DEVICE_SIZE, FIRST_WINDOW
from daxlab.restoring.layout import contents, gone, layouts, regions_as, whole_as
from daxlab.restoring.reloads import SHELL, by_hand
from daxlab.results import Failure
from daxlab.safety.kills import lines_of, was_killed

FACTS = "/run/daxswitch/regions.json"
# What the guest says of one kill: the regions that it left, what of one was begun, the code of `recover`, whether all is
# closed, and the code of `apply` where it ran again.
LINE = re.compile(r"left (\d+) committed; unfinished (.*); recover ended (\d+); (.*); apply again: (no|\d+)$")
# Every write that makes a region of two ways, in order, by the path that the kernel gives the file: pattern and number.
WRITES = (("*/create_ram_region", 1), ("*/interleave_granularity", 1), ("*/interleave_ways", 1),
          ("*/endpoint*/mode", 1), ("*/endpoint*/dpa_size", 1), ("*/endpoint*/mode", 2), ("*/endpoint*/dpa_size", 2),
          ("*/region[0-9]*/size", 1), ("*/region[0-9]*/target0", 1), ("*/region[0-9]*/target1", 1),
          ("*/region[0-9]*/commit", 1), ("*/cxl_region/bind", 1))


@dataclass(frozen=True)
class Point:
    """One kill: its words, and the shell's line that does it."""
    words: str
    line: str


def after_writes(command, before="", writes=WRITES, facts=(1, 2, 3)):
    """A kill after each write of the step and each change of the kept facts; `before` is done first."""
    points = [Point(f"write {count} of {pattern}", f"/usr/bin/cutter any-write '{pattern}' {count}")
              for pattern, count in writes]
    points += [Point(f"change {count} of the kept facts", f"/usr/bin/cutter rename {FACTS} {count}") for count in facts]
    return tuple(Point(point.words, f"{before}kill_restoring '{point.words}' {point.line} {command}") for point in points)


def at_lines(command, lines, before=""):
    """A kill at each line of the journal, and in the middle of each step."""
    return tuple(Point(f"line {line} and {delay} ms", f"{before}kill_restoring 'line {line} and {delay} ms' /usr/bin/killer "
                       f"/run/daxswitch/journal {line} {delay} {command}")
                 for line, delay in [(line, 0) for line in range(1, lines + 1)] + [(line, 150) for line in range(2, lines, 2)])


def in_recover(lines):
    """A reload that is killed within the step that restores, and its `recover` after each write of the same step."""
    return tuple(Point(f"recover, write {count} of {pattern}", f"kill_recover 'recover, write {count} of {pattern}' {lines} "
                       f"/usr/bin/cutter any-write '{pattern}' {count} daxswitch recover --yes --json")
                 for pattern, count in WRITES)


RELOAD, CXL = "daxswitch apply reload --yes --json", "daxswitch apply cxl --yes --json"
# The begin, two lines for each of seven steps, and the end.
JOURNAL = 16
# With these lines the step before the one that restores has ended: the region is gone.
UNLOADED = 9


@dataclass(frozen=True)
class Kills:
    """Kills of one command, one after the other, each of which begins with the region whole."""
    name: str
    points: tuple
    # How many points a run may not come to.
    missed: int = 0
    # How many kills leave a region that was begun, at least: those between its creation and its commit.
    begun: int = 0
    # `recover --undo`, which leaves no region.
    undoes: bool = False

    def cases(self):
        """As cases of the lab: with the firmware's region, and with one by hand where the kernel puts that back alone."""
        kills = ("undo=--undo\n" if self.undoes else "") + "".join(f"{point.line}\n" for point in self.points)
        kept = "t apply cxl --yes --json\ncap before\n"
        firmware = f"{SHELL}. /lab/safety.sh\nstart_udev\npatterns write\n{kept}"
        hand = by_hand((2 * DEVICE_SIZE, 1, 2)).replace("cap before\n", f". /lab/safety.sh\n{kept}")
        return [Case(self.name, platform, f"{begin}{kills}cap after\npatterns check\n", self.judge, kernels=(kernel,),
                     group="restore")
                for platform, begin, kernel in (("pair-unlocked", firmware, "coordinated"), ("pair", hand, "6.12"))]

    def judge(self, results, kernel):
        """Whole or gone after each kill and `recover`, and whole in the end."""
        before, lines = results.capture("before"), lines_of(results.directory)
        check(len(lines) == len(self.points), f"only {len(lines)} of {len(self.points)} kills were seen through")
        killed, begun, table, wrong = 0, 0, [], []
        for number, line in enumerate(lines, 1):
            recovered, restored = (results.capture(name, number) for name in ("recovered", "restored"))
            found = LINE.search(line)
            check(found, f"what became of a kill is not told: {line}")
            left = "whole" if layouts(recovered) else "none"
            try:
                if left == "whole":
                    regions_as(before, recovered)
                else:
                    gone(recovered)
                check(found[3] in ("0", "1") and found[4] == "closed", f"not recovered: {line}")
                check(left == "none" or not self.undoes, f"not undone: {line}")
                check(found[5] in ("no", "0"), f"not restored afterwards: {line}")
                whole_as(before, restored)
                right = "right"
            except Failure as failure:
                right = f"wrong: {failure}"
                wrong.append(f"{line}: {failure}")
            killed += was_killed(line)
            begun += bool(found[2].strip())
            table.append(f"| {self.points[number - 1].words} | {'killed' if was_killed(line) else 'ended before'} | {found[1]} | "
                         f"{found[2].strip()} | {found[3]} | {left} | {found[5]} | {right} |")
        head = ("| killed at | run | regions left | begun | recover | region then | apply again | verdict |\n"
                "|---|---|---|---|---|---|---|---|\n")
        (results.directory / "table.md").write_text(head + "\n".join(table) + "\n")
        check(not wrong, f"{len(wrong)} of {len(lines)} are wrong; the first: {wrong[:1]}")
        check(killed >= len(lines) - self.missed, f"only {killed} of {len(lines)} runs were killed")
        check(begun >= self.begun, f"only {begun} of the kills left a region that was begun")
        whole_as(before, results.capture("after"))
        return (f"{killed} of {killed} right, {begun} with a region begun, {len(lines) - killed} ended before; "
                f"{contents(results)}")


KILLS = (
    Kills("restore-kills-reload", after_writes(RELOAD), missed=2, begun=9),
    Kills("restore-kills-lost", after_writes(CXL, "lose; load; "), missed=2, begun=9),
    Kills("restore-kills-lines", at_lines(RELOAD, JOURNAL), missed=2),
    Kills("restore-kills-recover", in_recover(UNLOADED), missed=2, begun=9),
    # A region that is committed by then is whole, and stays.
    Kills("restore-kills-undo", after_writes(CXL, "lose; load; ", WRITES[:-2], (1,)), missed=1, begun=9, undoes=True),
)


# A region with two dax devices, of which the memory of one is online: after the loss its region, devices and use come back.
# The memory goes offline before the removal by hand: no host survives that otherwise.
LOSE_SPLIT = f"offline $((start + {DEVICE_SIZE // 2:#x})); lose; load; "
SPLIT = f"""{SHELL}. /lab/safety.sh
with_cxl 1
bound_region ram {DEVICE_SIZE:#x} {FIRST_WINDOW:#x} 1
start_udev
start=$(starts)
split $start
t apply cxl --yes --json
cap before
"""


@dataclass(frozen=True)
class KillsOfUse(Kills):
    """Kills of a run that restores dax devices and their use as well."""

    def cases(self):
        """As one case of the lab, on both kernels."""
        kills = "".join(f"{point.line}\n" for point in self.points)
        return [Case(self.name, "none", f"{SPLIT}{kills}cap after\npatterns check\n", self.judge, kernels=BOTH, group="restore")]


KILLS += (KillsOfUse("restore-kills-use", at_lines(CXL, 14, LOSE_SPLIT), missed=4),)
CASES = [case for kills in KILLS for case in kills.cases()]
