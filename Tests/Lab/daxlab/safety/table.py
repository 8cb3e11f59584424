"""Runs the situations, the kills and the runs that begin at once, and writes docs/safety-table.md."""
import re
import subprocess
from dataclasses import dataclass

from daxlab import cache
from daxlab.case import Case
from daxlab.machine import EmulatorError
from daxlab.platforms import PLATFORMS
from daxlab.results import Failure, Results, name_of
from daxlab.runner import boot, in_order, run_all
from daxlab.safety import at_once, kill_table, kills, reboots
from daxlab.safety.outcome import Outcome, outcome
from daxlab.safety.situations import SITUATIONS

TABLE = cache.LAB.parent.parent / "docs/safety-table.md"
HEAD = """# Dangerous situations: the plain commands beside daxswitch

What other users and broken files can try is in [attacks.md](attacks.md): each attack, what 0.1.0 did, and what happens now.
"""
KILLED = kills.CASES + reboots.CASES
# The sections, by the word that selects them on the command line.
TITLES = {"situations": "Situations", "kills": "Killed while at work", "at-once": "Two at once"}
SITUATIONS_HEAD = """Each situation is set up in two fresh guests on each kernel. One runs the `rmmod` and `modprobe` lines that
follow from the kernel's rules, the other asks daxswitch. What came of it is read from the guest's console, from
snapshots of its `/proc` and `/sys`, and from processes that go on afterwards: one with a known pattern in its memory or
with the device in its hands, and one that fills the memory that is left. *Lost* is a kernel that died or complained, memory
that is stuck until a reboot, a region or an owner that is gone, a process that died, or a pattern that changed. Where
somebody else is at work after the plan, what counts is what comes after them.

| situation | kernel | plain commands | daxswitch |
|---|---|---|---|
"""


@dataclass
class Side:
    """The result of one of the two; `said` is the tool's own word for it."""
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
    name = name_of(applied[-1])
    command = Results(directory).command(name, sum(name_of(step) == name for step in applied))
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


def write(kernels, options, sections, names=None, rounds=at_once.ROUNDS):
    """Runs these sections, prints a line for each guest, and puts them into the table; returns the exit code.

    Of `names` a section runs what has one of them; the situations are then not written down.
    """
    failed = 0
    for section in sections:
        if section == "at-once":
            body, worse = together(kernels, options, rounds)
        else:
            body, worse = {"situations": situations, "kills": killed}[section](kernels, options, names)
        failed += worse
        if section != "situations" or not names:
            put(TITLES[section], f"Made by `Tests/Lab/lab safety` with the sources of commit `{commit()}`, on "
                                 f"{', '.join(kernel.release for kernel in kernels)}.\n\n{body}")
    return 1 if failed else 0


def situations(kernels, options, names):
    """(section, number of failures) of the situations."""
    chosen = [situation for situation in SITUATIONS if not names or situation.name in names]
    work = [(situation, kernel) for situation in chosen for kernel in kernels
            if kernel.rules in situation.kernels and kernel.shape == "modular"]
    rows, failed = [], 0
    for row, good in in_order(lambda pair: both(*pair, options), work, options.jobs):
        print(f"{'SAFE' if good else 'LOST'} {row}", flush=True)
        rows.append(row)
        failed += not good
    print(f"{len(rows)} situations, daxswitch lost something in {failed}")
    return SITUATIONS_HEAD + "".join(f"{row}\n" for row in rows), failed


def killed(kernels, options, names):
    """The same of the kills."""
    cases = [case for case in KILLED if not names or case.name in names]
    verdicts = run_all(cases, kernels, options)
    return kill_table.kills(verdicts, options.out), sum(1 for verdict in verdicts if verdict.why)


def together(kernels, options, rounds):
    """The same of the runs that begin at once, so many times."""
    verdicts = run_all([at_once.case(rounds)], kernels, options)
    return kill_table.at_once_rows(verdicts, options.out, rounds), sum(1 for verdict in verdicts if verdict.why)


def commit():
    """The last commit that changed what the tool is built from."""
    sources = ["Sources", "Package.swift", "Policies", "packaging"]
    command = ["git", "-C", str(cache.LAB), "log", "-1", "--format=%h", "--", *(f":/{path}" for path in sources)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def put(title, body):
    """Replaces one section of the table, or adds it; the others stay as they are."""
    _, *rest = re.split(r"^## ", TABLE.read_text() if TABLE.exists() else "", flags=re.MULTILINE)
    found = {section.split("\n", 1)[0]: section.split("\n", 1)[1].strip("\n") for section in rest}
    found[title] = body.strip("\n")
    ordered = [name for name in TITLES.values() if name in found] + [name for name in found if name not in TITLES.values()]
    TABLE.write_text(HEAD + "".join(f"\n## {name}\n\n{found[name]}\n" for name in ordered))


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
