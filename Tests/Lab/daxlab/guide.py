"""The guide's commands, run in a guest: what docs/guide.md shows is what a booted kernel and the tool have printed.

In a block marked `console`, a line that begins with `# ` is a command for root; what follows it is its output. A line that
begins with `$ ` needs no privilege and no kernel: the suite runs those on recorded machines.
"""
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from daxlab import cache

GUIDE = cache.LAB.parent.parent / "docs/guide.md"
# What is different in every run, and what it is compared as.
VARIABLE = ((re.compile(r"\d+\.\d+(\.\d+)?[-+.\w]*-amd64"), "RELEASE"),
            (re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+Z?"), "TIME"),
            (re.compile(r"\b\d+(\.\d+)? m?s\b"), "SECONDS"),
            # Columns that follow a time are moved by its length.
            (re.compile(r" {2,}"), "  "))

LONG_STEP = re.compile(r"daxswitch: \[\d+/\d+\] \S+ took .*")


@dataclass
class Shown:
    """A command of the guide and its output. `first` and `end` are the numbers of the output's lines, the end exclusive."""
    command: str
    output: list
    first: int
    end: int


def shown(text, prompt="# "):
    """The commands with that prompt, in their order."""
    found, inside, current = [], False, None
    for number, line in enumerate(text.splitlines()):
        if line.startswith("```"):
            inside, current = line == "```console", None
        elif inside and line[:2] in ("# ", "$ "):
            current = Shown(line[2:], [], number + 1, number + 1) if line.startswith(prompt) else None
            found += [current] if current else []
        elif current:
            current.output.append(line)
            current.end = number + 1
    return found


def script(commands):
    """The guest's script: every command at 80 columns, then a snapshot."""
    lines = ["export COLUMNS=80 TERM=dumb LC_ALL=C.UTF-8", "start_udev", "cap booted"]
    for number, one in enumerate(commands, 1):
        lines += [f"run shown sh -c {shlex.quote('exec 2>&1; ' + one.command)}", f"cap shown-{number}"]
    return "\n".join(lines) + "\n"


def printed(results, commands):
    """What each command printed in the guest, as lines."""
    return [results.command("shown", number).stdout.rstrip("\n").splitlines()
            for number in range(1, len(commands) + 1)]


def written(text, commands, outputs):
    """The guide with these outputs."""
    lines = text.splitlines()
    for one, output in reversed(list(zip(commands, outputs))):
        lines[one.first:one.end] = output
    return "\n".join(lines) + "\n"


def comparable(lines):
    """Lines without what is different in every run."""
    kept = []
    for line in lines:
        # Only of a step that took long.
        if LONG_STEP.fullmatch(line):
            continue
        for pattern, word in VARIABLE:
            line = pattern.sub(word, line)
        kept.append(line.rstrip())
    while kept and not kept[-1]:
        kept.pop()
    return kept
