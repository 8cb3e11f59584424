"""The tool is killed wherever it writes something down; `recover` then leads to what was before or what was to be."""
import re
from dataclasses import dataclass

from daxlab.case import BUILTIN, MODULAR, Case
from daxlab.checks import check, owned, pattern_intact
from daxlab.platforms import INSIDE
from daxlab.results import Results

# A run of five steps writes its beginning, two lines for each step, and its end.
LINES = 12
# What the guest says of one kill: the code of `recover`, what there is after it, whether all is closed.
LINE = re.compile(r"recover ended (\d+); ([a-z+]+); (.*)$")
# Long enough after a step has begun to be within its settling.
WITHIN = 70

HOLD = ("/run/daxswitch/hold.changing", "/run/modprobe.d/00-daxswitch.conf", "/run/udev/rules.d/00-daxswitch.rules")
# Every change that a hold makes, in this order, and a release. After the last but one udev is told.
HOLDS = (("rename", HOLD[0]), ("rename", HOLD[1]), ("rename", HOLD[2]), ("unlink", HOLD[0]))
RELEASES = (("rename", HOLD[0]), ("unlink", HOLD[2]), ("unlink", HOLD[1]), ("unlink", HOLD[0]))
CHOICE, FOUND = "/etc/modprobe.d/01-daxswitch.conf", "/var/lib/daxswitch/persist.json"


@dataclass(frozen=True)
class Kills:
    """A run that is killed again and again: where, and what it leads from and to."""
    name: str
    words: str
    kernel: str
    before: str
    after: str
    lines: tuple
    # More commands before the first kill.
    prepare: str = ""
    # And after the last one, where no driver has the memory then.
    finish: str = ""
    platform: str = "locked"
    # The points that a run may not come to, as where it takes a millisecond to the next one.
    missed: int = 0
    shapes: tuple = MODULAR

    @property
    def script(self):
        """Everything that is done in the guest."""
        return (f". /lab/safety.sh\nstart_udev\n{written(self.platform)}{self.prepare}cap before\n"
                + "".join(f"{line}\n" for line in self.lines)
                + f"{self.finish}cap after\npattern check {INSIDE.start:#x}\n")

    def case(self):
        """As a case of the lab."""
        return Case(self.name, self.platform, self.script, self.judge, kernels=(self.kernel,), group="safety",
                    shapes=self.shapes)

    def judge(self, results, kernel):
        """The line that every kill left, and the memory at the end."""
        lines = lines_of(results.directory)
        check(len(lines) == len(self.lines), f"only {len(lines)} of {len(self.lines)} kills were seen through")
        killed = sum(was_killed(line) for line in lines)
        check(killed >= len(lines) - self.missed, f"only {killed} of {len(lines)} runs were killed")
        for line in lines:
            found = LINE.search(line)
            check(found and found[2] in (self.before, self.after), f"neither as before nor as planned: {line}")
            check(self.is_right(line), f"not recovered: {line}")
        pattern_intact(results.command("pattern-check"))

    def is_right(self, line):
        """Whether `recover` led to what was before or what was to be, and left nothing to do."""
        found = LINE.search(line)
        return bool(found and found[1] in ("0", "1") and found[2] in (self.before, self.after) and found[3] == "closed")


def was_killed(line):
    """Whether the run was killed, and did not end before."""
    return "ended" not in line.split("; recover ended")[0]


def written(platform):
    """Writes the pattern that is looked for at the end, where a driver has the memory at boot; else `prepare` does."""
    return f"pattern write {INSIDE.start:#x}\n" if platform == "locked" else ""


def lines_of(directory):
    """A line for every kill of a run."""
    steps = [step for step in Results(directory).steps if step.name.endswith("-kills")]
    return (steps[-1] / "kills").read_text().splitlines() if steps else []


def there_and_back(there, back, start):
    """Kills on the way to dax_hmem and, where CXL had the memory before, on the way back: each pair of points in turn.

    What a kill leaves is the start of the next one; where it isn't, the tool sets it up.
    """
    start_at = f"{INSIDE.start:#x}"
    if start == "none":
        return tuple(f"{point.format('hmem')} {start_at} none" for point in there)
    return tuple(line for to_hmem, to_cxl in zip(there, back, strict=True)
                 for line in (f"{to_hmem.format('hmem')} {start_at} hmem", f"{to_cxl.format('cxl')} {start_at} cxl"))


# Every line of the journal, and the middle of every step.
AT_LINES = tuple(f"kill_at {{}} {line} {delay}" for line, delay in
                 [(line, 0) for line in range(1, LINES)] + [(line, WITHIN) for line in range(2, LINES, 2)])
AT_HOLD = tuple(f"cut_at {{}} {call} {path}" for call, path in HOLDS)
AT_RELEASE = tuple(f"cut_at {{}} {call} {path}" for call, path in RELEASES)
# With two steps of five done `recover` writes which steps it goes on with, two lines for each, and the end; with none
# done the end alone. Killed after it has said where it goes on, at the beginning of a step, in the middle, at the end.
AT_RECOVER = tuple(f"cut_recover {{}} {line} {count}" for line, count in [(5, 1), (5, 2), (5, 5), (5, 8), (1, 1)])
OF_PERSIST = tuple(f"{line}\npersisted --clear" for line in (
    f"cut_persist rename {FOUND} 1 hmem", f"cut_persist rename {CHOICE} 1 hmem", f"cut_persist rename {FOUND} 2 hmem",
    "kill_builder hmem", f"cut_persist unlink {FOUND} 1 hmem",
    f"cut_choice_recover unlink {CHOICE} hmem", f"cut_choice_recover unlink {FOUND} hmem",
)) + tuple(f"persisted hmem\n{line}" for line in (
    f"cut_persist rename {FOUND} 1 --clear", f"cut_persist unlink {CHOICE} 1 --clear",
    f"cut_persist rename {FOUND} 2 --clear", "kill_builder --clear", f"cut_persist unlink {FOUND} 1 --clear",
    f"cut_choice_recover rename {CHOICE} --clear", f"cut_choice_recover unlink {FOUND} --clear",
))
TO_HMEM = "t apply hmem --yes --json\n"
# 6.12 resets locked decoders, so only a region that it can't assemble is switched there, and only one way.
FROM_NONE = {"kernel": "6.12", "platform": "unassembled", "before": "none", "after": "hmem", "finish": TO_HMEM,
             "prepare": f"{TO_HMEM}pattern write {INSIDE.start:#x}\nbring_back {INSIDE.start:#x} none\n"}
# dax_hmem over a region that came back: the hold was taken away by hand, and cxl_acpi loaded. What a kill leaves to CXL
# is restored by hand, as no policy does that.
HMEM_OVER_REGION = """
daxswitch apply hmem --yes --json > /run/prepared.out 2>&1 || cat /run/prepared.out
rm -f /run/modprobe.d/00-daxswitch.conf /run/udev/rules.d/00-daxswitch.rules
udevadm control --reload
/sbin/modprobe -a cxl_acpi cxl_pci cxl_mem dax_cxl
settle
bring_back() {
    [ "$(owner "$1")" != "$2" ] || return
    /sbin/rmmod dax_cxl
    echo "$(cd /sys/bus/platform/devices && ls -d hmem.*)" > /sys/bus/platform/drivers/hmem/bind
    /sbin/modprobe dax_cxl
    settle
    [ "$(owner "$1")" = "$2" ] || unprepared "the owner is $(owner "$1"), not $2"
}
"""
# A run of two steps: every line of its journal, and the middle of each step.
AT_HAND_OVER = tuple(f"kill_at cxl {line} {delay} {INSIDE.start:#x} hmem" for line, delay in
                     [(line, 0) for line in range(1, 6)] + [(2, WITHIN), (4, WITHIN)])
# Where cxl_acpi is in the image, a run has as many steps; where CXL had nothing, one fewer. Some are killed again in
# `recover`, with the unbinding or the binding done and not done.
UNBINDING = {"cxl": 4, "none": 3}
FROM_CXL = {"kernel": "coordinated", "before": "cxl", "after": "hmem"}


def both_kernels(name, words, there, back, **more):
    """The same kills on both kernels."""
    return [Kills(name, words, lines=there_and_back(there, back, of["before"]), **of, **more)
            for of in (FROM_CXL, FROM_NONE)]


def of_builtin(of):
    """The kills in a run that unbinds cxl_acpi or binds it: each line of its journal, the middle of each step, `recover`."""
    end = 2 * UNBINDING[of["before"]] + 2
    points = tuple(f"kill_at {{}} {line} {delay}" for line, delay in
                   [(line, 0) for line in range(1, end)] + [(line, WITHIN) for line in range(2, end, 2)]) + \
        tuple(f"cut_recover {{}} {line} {count}" for line, count in [(3, 1), (3, 2), (5, 1), (5, 2), (5, 3)])
    return Kills("kills-unbind", "`apply` with cxl_acpi in the image: each line of its journal, within each step, and `recover`",
                 lines=there_and_back(points, points, of["before"]), shapes=BUILTIN, missed=4, **of)


KILLS = (
    *both_kernels("kills-hold", "a hold, or a release, at each of its changes", AT_HOLD, AT_RELEASE),
    *both_kernels("kills-recover", "`recover`, at lines of its journal", AT_RECOVER, AT_RECOVER, missed=2),
    *(Kills("kills-persist", "`persist`, its builder, and the `recover` after it", kernel, "none", "file+image",
            OF_PERSIST, prepare="install_builder\n") for kernel in ("coordinated", "6.12")),
    Kills("kills-hand-over", "`apply cxl`, where it hands one region over: each line of its journal and within each step",
          "coordinated", "hmem", "cxl", AT_HAND_OVER, prepare=HMEM_OVER_REGION, missed=1),
    *both_kernels("kills-apply", "`apply`, at each line of its journal and within each step", AT_LINES, AT_LINES,
                  missed=4),
    of_builtin(FROM_CXL),
    of_builtin(FROM_NONE),
)
CASES = [kills.case() for kills in KILLS]
