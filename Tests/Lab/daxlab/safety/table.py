"""Runs every situation twice on each kernel, then the kills, and writes what came of it into docs/safety-table.md."""
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from daxlab import cache
from daxlab.case import Case
from daxlab.machine import EmulatorError
from daxlab.platforms import PLATFORMS
from daxlab.results import Failure, Results
from daxlab.runner import boot, run_all
from daxlab.safety import kill_table, kills, reboots
from daxlab.safety.outcome import Outcome, outcome
from daxlab.safety.situations import SITUATIONS

TABLE = cache.LAB.parent.parent / "docs/safety-table.md"
HEAD = """# Dangerous situations: the plain commands beside daxswitch

Made by `{command}`: each situation in two fresh guests on each kernel. One runs the `rmmod` and `modprobe` lines that
follow from the kernel's rules, the other asks daxswitch. What came of it is read from the guest's console, from
snapshots of its `/proc` and `/sys`, and from processes that go on afterwards: one with a known pattern in its memory or
with the device in its hands, and one that fills the memory that is left. *Lost* is a kernel that died or complained, memory
that is stuck until a reboot, a region or an owner that is gone, a process that died, or a pattern that changed. Where
somebody else is at work after the plan, what counts is what comes after them.

Kernels: {kernels}.

| situation | kernel | plain commands | daxswitch |
|---|---|---|---|
"""


@dataclass
class Side:
    """What one of the two brought; `said` is the tool's own word for it."""
    outcome: Outcome
    said: str = ""

    def __str__(self):
        if not self.outcome.harmless:
            return f"**{'; '.join(dict.fromkeys(self.outcome.losses))}**" + (f" ({self.said})" if self.said else "")
        words = [self.said] if self.said else []
        before, after = self.outcome.owners_before, self.outcome.owners_after
        words.append(f"{before} → {after}" if before != after else f"{after}, as before")
        return "; ".join(words)


def side(situation, kernel, action, options, name):
    """Boots a guest with an action and tells what came of it."""
    directory = options.out / kernel.name / f"safety-{situation.name}-{name}"
    case = Case(situation.name, situation.platform, situation.script(action), judge=None)
    try:
        boot(case, kernel, options, directory)
    except Failure:
        pass  # a guest that died is what this is about: its console tells
    found = Side(outcome(directory, PLATFORMS[situation.platform].soft_reserved))
    if name == "daxswitch":
        found.said = answer(directory)
    return found


def answer(directory):
    """The exit code of the last apply, and the hazards or the error that it named."""
    applied = [step for step in Results(directory).steps if "-apply" in step.name]
    if not applied:
        return "no answer"
    command = Results(directory).command(applied[-1].name[3:], sum(step.name[3:] == applied[-1].name[3:]
                                                                   for step in applied))
    words = {0: "done", 1: "failed, nothing lost", 3: "refused", 5: "stopped"}.get(command.code, f"ended {command.code}")
    try:
        document = command.json()
    except Failure:
        return words
    hazards = list(dict.fromkeys(hazard["id"] for hazard in document.get("hazards", [])))
    if command.code == 0 and not document.get("changed", True):
        words = "nothing to do"
    error = document.get("error")
    why = hazards or ([error["code"]] if error else [])
    return f"{words}: {', '.join(f'`{word}`' for word in why)}" if why and command.code else words


def write(kernels, options, names=None):
    """Runs the situations, prints a line for each, writes the table where all were run; returns the exit code."""
    chosen = [situation for situation in SITUATIONS if not names or situation.name in names]
    work = [(situation, kernel) for situation in chosen for kernel in kernels if kernel.name in situation.kernels]
    rows, failed = [], 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for row, good in pool.map(lambda pair: both(*pair, options), work):
            print(f"{'SAFE' if good else 'LOST'} {row}", flush=True)
            rows.append(row)
            failed += not good
    print(f"{len(rows)} situations, daxswitch lost something in {failed}")
    if not names:
        head = HEAD.format(command="Tests/Lab/lab safety", kernels=", ".join(kernel.release for kernel in kernels))
        verdicts = run_all(kills.CASES + reboots.CASES, kernels, options)
        TABLE.write_text(head + "".join(f"{row}\n" for row in rows) + kill_table.section(verdicts, options.out))
        failed += sum(1 for verdict in verdicts if verdict.why)
    return 1 if failed else 0


def both(situation, kernel, options):
    """(row of the table, whether daxswitch lost nothing and did what its exit code says)."""
    try:
        plain = side(situation, kernel, situation.recipe, options, "plain")
        tool = side(situation, kernel, situation.tool, options, "daxswitch")
    except EmulatorError as error:
        return f"| {situation.words} | {kernel.name} | {error} | |", False
    kept = tool.outcome.owners_before == tool.outcome.owners_after
    honest = kept or tool.said.startswith("done")
    return (f"| {situation.words} | {kernel.name} | {plain} | {tool} |",
            tool.outcome.harmless and honest and not tool.said.startswith(("stopped", "ended", "no answer")))
