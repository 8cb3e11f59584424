"""Random walks: drivers come and go on a booted kernel, and every prediction is compared with what the kernel did.

After each step the machine is captured. From every capture the tool predicts the owners up to AHEAD steps on, for the steps
that were then done. How the owners are read from a capture is the lab's own code. A walk is told by its seed and number.
"""
import json
import random
import shutil
import subprocess
from dataclasses import dataclass, field

from daxlab import checks
from daxlab.capture import Capture
from daxlab.machine import EmulatorError, Machine
from daxlab.platforms import PLATFORMS, Range
from daxlab.recording import keep_module_lists
from daxlab.results import Failure, unpack
from daxlab.runner import in_order, tail

AHEAD = 6
STEPS = 14
# How often a walk is shortened and done again, to find the smallest that shows a difference.
SHORTENINGS = 12
# The modules and how often each is chosen, and the platforms in the order in which they are walked.
MODULES = {"dax_hmem": 5, "dax_cxl": 4, "cxl_acpi": 4, "cxl_pci": 2, "cxl_mem": 2, "cxl_port": 1, "kmem": 1}
WALKED = ("unlocked", "locked", "partial", "none", "unassembled", "mixed-unlocked", "mixed-locked", "two-locked")
# What can be unbound and bound where it is part of the image.
BINDABLE = ("cxl_acpi", "dax_hmem")
# What a hazard has to be called for a kernel that complains not to be a surprise.
GRAVE = "crash"


@dataclass(frozen=True)
class Walk:
    """A platform, and steps as the tool takes them: `load:MODULE` and `unload:MODULE`."""
    name: str
    platform: str
    steps: tuple

    def script(self):
        """The guest's script: every step is logged as in a recording, and followed by a capture."""
        lines = [f"SCENARIO={self.name}", ". /lab/regions.sh", ". /lab/record.sh", "moment start"]
        for step in self.steps:
            lines += [step.replace(":", " "), f"moment {step.replace(':', '-')}"]
        return "\n".join(lines) + "\n"


@dataclass
class Walked:
    """What came of a walk: how many predictions there were, and those that the kernel did not keep."""
    pairs: int = 0
    certain: int = 0
    differences: list = field(default_factory=list)
    # Why it ended before its last step: what the kernel complained of.
    alarm: str = ""


@dataclass(frozen=True)
class Difference:
    """A prediction that the kernel did not keep."""
    walk: Walk
    # The capture that was predicted from, counted in steps, and the one that was reached.
    start: int
    end: int
    what: str

    def __str__(self):
        before = " ".join(self.walk.steps[:self.start]) or "nothing"
        return (f"{self.what}\n      on the platform {self.walk.platform}, after {before}\n"
                f"      predicted for {' '.join(self.walk.steps[self.start:self.end])}")


def walk(kernel, seed, number, length=STEPS):
    """The walk of a seed and number. It prefers steps that change something."""
    chance = random.Random(f"{seed}/{number}")
    choice = {module: weight for module, weight in MODULES.items()
              if module not in kernel.builtin_modules or module in BINDABLE}
    inside = {"cxl_acpi"} & kernel.builtin_modules
    steps = []
    while len(steps) < length:
        module = chance.choices(list(choice), list(choice.values()))[0]
        # Now and then what changes nothing.
        comes = (module not in inside) != (chance.random() < 0.1)
        steps.append(f"{'load' if comes else 'unload'}:{module}")
        (inside.add if comes else inside.discard)(module)
    return Walk(f"walk-{seed}-{number}", WALKED[number % len(WALKED)], tuple(steps))


def walk_all(kernel, tool, seed, count, length, out, jobs, timeout):
    """Walks, prints a line for each and the smallest walk that shows a difference, and returns the exit code."""
    walks = [walk(kernel, seed, number, length) for number in range(count)]
    found = []
    for one, walked in zip(walks, in_order(lambda one: attempt(one, kernel, tool, out, timeout), walks, jobs)):
        said = f", then {walked.alarm}" if walked.alarm else ""
        outcome = "FAIL" if walked.differences or walked.alarm else "GOOD"
        right = walked.pairs - len(walked.differences)
        print(f"{outcome} {kernel.release}/{one.name} {one.platform}: {right} of {walked.pairs} right, "
              f"{walked.certain} certain{said}", flush=True)
        found.append(walked)
    pairs, wrong = sum(one.pairs for one in found), [item for one in found for item in one.differences]
    print(f"seed {seed}: {pairs - len(wrong)} of {pairs} predictions right, {sum(one.certain for one in found)} certain")
    if wrong:
        first = min(wrong, key=lambda item: (item.end - item.start, item.end))
        print(f"\nThe smallest of the {len(wrong)} differences:\n    {first}", flush=True)
        print(f"The smallest walk that shows it:\n    {shortened(first, kernel, tool, out, timeout)}")
    return 1 if wrong or any(one.alarm for one in found) or not pairs else 0


def attempt(one, kernel, tool, out, timeout):
    """Does a walk; if the emulator fails, that is the alarm."""
    try:
        return done(one, kernel, tool, out / kernel.name / one.name, timeout)
    except (EmulatorError, Failure) as failure:
        return Walked(alarm=str(failure).splitlines()[0])


def done(one, kernel, tool, directory, timeout):
    """Boots the guest, lets it walk, and compares."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    console, stream = directory / "console.log", directory / "stream"
    in_time = Machine(PLATFORMS[one.platform], kernel, one.script()).run(console, stream, timeout)
    results = unpack(stream, directory)
    captures = [path for path in results.steps if (path / "proc").is_dir()]
    for path in captures:
        # The lists that the tool reads on a host.
        lists = path / "lib/modules" / kernel.release
        lists.parent.mkdir(parents=True)
        keep_module_lists(kernel, lists)
    walked = compared(one, captures, tool)
    alarm = checks.first_alarm(console.read_text(errors="replace") + results.kernel_log())
    if alarm or not results.finished or len(captures) <= len(one.steps):
        why = alarm or ("the guest broke off" if in_time else f"the guest was not done after {timeout} s")
        walked.alarm = foreseen(one, captures, tool, why)
        if walked.alarm:
            (directory / "end-of-console").write_text(tail(console))
    return walked


def compared(one, captures, tool):
    """Every prediction up to AHEAD steps on, against what the kernel did."""
    walked = Walked()
    for start in range(len(captures)):
        for end in range(start + 1, min(start + AHEAD, len(captures) - 1) + 1):
            told = predicted(tool, captures[start], one.steps[start:end])
            walked.pairs += 1
            walked.certain += bool(told.get("certain"))
            what = difference(told, Capture(captures[end]))
            if what:
                walked.differences.append(Difference(one, start, end, what))
    return walked


def predicted(tool, capture, steps):
    """What the tool says of steps on a captured machine."""
    ran = subprocess.run([tool, "predict", *steps, "--root", capture, "--json"], capture_output=True, text=True)
    try:
        return json.loads(ran.stdout)
    except ValueError as error:
        raise Failure(f"predict ended {ran.returncode} without a document: {ran.stderr.strip()[-200:]}") from error


def difference(told, reached):
    """The first bytes whose owner is not among those predicted; empty where all are."""
    if "ranges" not in told:
        return f"no prediction: {told.get('error', {}).get('message')}"
    for part in told["ranges"]:
        for segment, owner in reached.owners(Range(int(part["start"], 16), int(part["end"], 16))):
            if owner not in part["owners"]:
                return f"{segment} is owned by {owner}, and {' or '.join(part['owners'])} was predicted"
    return ""


def foreseen(one, captures, tool, why):
    """Why the walk ended; empty where the tool had named a crash as a hazard of the steps that were under way."""
    last = len(captures) - 1
    told = predicted(tool, captures[max(0, last - 1)], one.steps[max(0, last - 1):last + 1]) if captures else {}
    return "" if any(hazard["severity"] == GRAVE for hazard in told.get("hazards", [])) else why


def shortened(first, kernel, tool, out, timeout):
    """The difference in the shortest walk that still shows one: steps are left out, one after the other."""
    best, place = first, first.end - 1
    for _ in range(SHORTENINGS):
        if place < 0:
            break
        steps = best.walk.steps[:place] + best.walk.steps[place + 1:best.end]
        again = attempt(Walk(f"{first.walk.name}-shorter", best.walk.platform, steps), kernel, tool, out, timeout)
        if again.differences:
            best = min(again.differences, key=lambda item: (item.end, item.end - item.start))
        place = min(place, best.end) - 1
    return best
