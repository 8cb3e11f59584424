"""The kernel refuses each write that restores a region, with each errno that it can give: a whole region is left or none."""
import errno
import json
import os
import re
from dataclasses import dataclass

from daxlab.case import BOTH, Case
from daxlab.checks import check
from daxlab.platforms import DEVICE_SIZE
from daxlab.restoring.layout import contents, gone, layouts, regions_as, whole_as
from daxlab.restoring.reloads import by_hand
from daxlab.results import Failure

# What the guest says of one point.
LINE = re.compile(r"refused (\d+); ended (\d+); left (\d+) committed; unfinished (.*); recover: (no|\d+); (.*)$")
# Every write that makes a region of two ways, in order: the path that the kernel gives the file, the number of the write, and
# the errnos of its store function in Linux 7.3.4 (drivers/cxl/core/region.c, port.c and hdm.c; kernel/resource.c:
# get_free_mem_region()). None of those of kstrtoint(): the values are numbers.
WRITES = (
    ("*/create_ram_region", 1, "EBUSY EINVAL ENXIO ENOMEM"),
    ("*/interleave_granularity", 1, "EBUSY EINVAL"),
    ("*/interleave_ways", 1, "EBUSY EINVAL ENOMEM"),
    ("*/endpoint*/mode", 1, "EBUSY EINVAL ENXIO"),
    ("*/endpoint*/dpa_size", 1, "EBUSY EINVAL ENOSPC ENOMEM"),
    ("*/endpoint*/mode", 2, "EBUSY EINVAL ENXIO"),
    ("*/endpoint*/dpa_size", 2, "EBUSY EINVAL ENOSPC ENOMEM"),
    ("*/region[0-9]*/size", 1, "EBUSY EINVAL ENXIO ENOMEM ERANGE"),
    ("*/region[0-9]*/target0", 1, "EBUSY EINVAL ENXIO ENOMEM ENODEV"),
    ("*/region[0-9]*/target1", 1, "EBUSY EINVAL ENXIO ENOMEM ENODEV"),
    ("*/region[0-9]*/commit", 1, "EBUSY EINVAL ENXIO EIO ETIMEDOUT"),
    ("*/cxl_region/bind", 1, "ENXIO ENOMEM ENODEV"),
)
# These take a lock that a signal interrupts (mutex_lock_interruptible(), down_read_interruptible(), down_write_killable()).
INTERRUPTIBLE = ("create_ram_region", "interleave_granularity", "interleave_ways", "size", "target0", "target1", "commit", "bind")
# So often is EBUSY taken for something that passes.
TRIES = 4
# Writes of the way back fail as well: the region can't be deleted, or a memory device's bytes stay with their decoder.
BACK = (
    ("*/@(commit|delete_region)", 1, "EIO"),
    ("*/@(commit|delete_region)", 1, "EINTR"),
    ("*/endpoint*/dpa_size", 2, "EBUSY"),
    ("*/@(commit|dpa_size)", 3, "EBUSY"),
)


@dataclass(frozen=True)
class Point:
    """Refused writes of one run, which ends with one of the codes: those numbers of what matches the pattern."""
    pattern: str
    numbers: str
    errno: str
    codes: tuple

    @property
    def words(self):
        return f"{self.errno} for write {self.numbers} of {self.pattern}"

    @property
    def line(self):
        """The shell's line that does it."""
        return f"refuse '{self.words}' {getattr(errno, self.errno)} '{self.pattern}' {self.numbers}\n"


@dataclass(frozen=True)
class Round:
    """Points each of which begins where the region is lost, and then a run that nothing disturbs."""
    points: tuple

    @property
    def lines(self):
        return "".join(point.line for point in self.points) + "apply_again\nlose\nload\n"


def rounds():
    """One for each write, with what lasts, and one for a signal that comes once."""
    found = []
    for pattern, number, names in WRITES:
        found.append(Round(tuple(Point(pattern, f"{number}-{number + TRIES - 1}" if name == "EBUSY" else f"{number}", name, (1,))
                                 for name in names.split())))
        if pattern.rsplit("/", 1)[1] in INTERRUPTIBLE:
            found.append(Round((Point(pattern, f"{number}", "EINTR", (0,)),)))
    return tuple(found)


@dataclass(frozen=True)
class Errors:
    """Rounds of one guest."""
    name: str
    rounds: tuple

    def case(self):
        """As a case of the lab."""
        script = (by_hand((2 * DEVICE_SIZE, 1, 2)).replace("cap before\n", ". /lab/safety.sh\nt apply cxl --yes --json\ncap before\n")
                  + "lose\nload\n" + "".join(part.lines for part in self.rounds) + "t apply cxl --yes --json\nsettle\ncap after\npatterns check\n")
        return Case(self.name, "pair", script, self.judge, kernels=BOTH, group="restore")

    def judge(self, results, kernel):
        """Whole or gone after each refusal, with the exit code and the words for it, and whole after the next run."""
        before = results.capture("before")
        table, wrong, number = [], [], 0
        for count, part in enumerate(self.rounds, 1):
            for point in part.points:
                number += 1
                row, failure = self.seen(results, before, point, number)
                table.append(row)
                wrong += failure
            try:
                whole_as(before, results.capture("restored", count))
            except Failure as failure:
                wrong.append(f"after {part.points[-1].words}: not restored by the next run: {failure}")
                table.append(f"| the next run | | | | | | not restored: {failure} |")
        head = ("| refused | writes | apply | left | recover | region then | verdict |\n|---|---|---|---|---|---|---|\n")
        (results.directory / "table.md").write_text(head + "\n".join(table) + "\n")
        check(not wrong, f"{len(wrong)} of {number} are wrong; the first: {wrong[:1]}")
        whole_as(before, results.capture("after"))
        return f"{number} of {number} right; {contents(results)}"

    @staticmethod
    def seen(results, before, point, number):
        """The row of a point, and what is wrong about it."""
        path = results.find("kills", number)
        line = (path / "kills").read_text().splitlines()[number - 1]
        found = LINE.search(line)
        if not found or not line.startswith(point.words):
            return f"| {point.words} | | | | | | not told: {line} |", [f"what became of {point.words} is not told: {line}"]
        refused, code, committed, unfinished, recovered, ending = found.groups()
        left = results.capture("recovered", number)
        try:
            check(refused != "0", "no write was refused")
            check(int(code) in point.codes, f"apply ended {code}")
            if code != "5":
                check(not unfinished.strip(), f"apply ended {code}, and left {unfinished}")
                check(committed == ("1" if code == "0" else "0"), f"apply ended {code}, and left {committed} regions")
            check(ending == "closed" and recovered in ("no", "0", "1"), f"not recovered: {line}")
            if layouts(left):
                regions_as(before, left)
            else:
                gone(left)
            if code != "0":
                words(path, point)
            verdict = []
        except Failure as failure:
            verdict = [f"{point.words}: {failure}"]
        return (f"| {point.words} | {refused} | {code} | {committed} {unfinished.strip()} | {recovered} | "
                f"{'whole' if layouts(left) else 'none'} | {verdict[0] if verdict else 'right'} |"), verdict


def words(path, point):
    """The document of a run that failed names the file that the kernel refused, and how."""
    text = (path / "refused.out").read_text()
    document = json.loads(text[:text.rindex("refused ")])
    said = json.dumps(document)
    file = point.pattern.rsplit("/", 1)[1].strip("@()").split("|")[0]
    check(f"/{file}" in said, f"the document does not name {file}: {said[-400:]}")
    check(os.strerror(getattr(errno, point.errno)) in said or point.errno == "EINTR",
          f"the document does not say {os.strerror(getattr(errno, point.errno))!r}: {said[-400:]}")


CASES = [Errors("restore-errors-writes", rounds()).case(),
         Errors("restore-errors-back", tuple(Round((Point(pattern, f"{number}-", name, (5,)),)) for pattern, number, name in BACK)).case()]
