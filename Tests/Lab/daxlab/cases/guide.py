"""docs/guide.md: its commands do what it says, and print what it shows."""
import difflib

from daxlab import guide
from daxlab.case import Case
from daxlab.checks import check, owned
from daxlab.platforms import INSIDE

TEXT = guide.GUIDE.read_text()
COMMANDS = guide.shown(TEXT)


def judge(results, kernel):
    """Each output is the guide's, and the memory goes where the guide sends it."""
    judge_owners(results)
    for one, output in zip(COMMANDS, guide.printed(results, COMMANDS)):
        expected, found = guide.comparable(one.output), guide.comparable(output)
        difference = "\n".join(difflib.unified_diff(expected, found, "the guide", "this guest", lineterm="", n=1))
        check(expected == found, f"# {one.command}: the output is not the guide's. If it is right, "
              f"`Tests/Lab/lab guide --tool …` writes it:\n{difference}")


def judge_owners(results):
    """The memory goes where the guide sends it; every command ends 0."""
    owner = "cxl"
    owned(results.capture("booted"), {INSIDE: owner})
    for number, one in enumerate(COMMANDS, 1):
        command = results.command("shown", number)
        check(command.code == 0, f"# {one.command} ended {command.code}:\n{command.stdout}")
        words = one.command.split()
        if words[:2] == ["daxswitch", "apply"] and "--yes" in words:
            owner = words[2]
        owned(results.capture(f"shown-{number}"), {INSIDE: owner})
    check(owner == "cxl" and any("apply hmem" in one.command for one in COMMANDS), "the guide goes there and back")


CASES = [Case("guide", "locked", guide.script(COMMANDS), judge, kernels=("coordinated",))]
