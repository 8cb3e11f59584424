"""The budget of instructions: Benchmarks/budget.json, checked by `make test`."""
import json
import re
import subprocess

from daxbench.figures import instructions
from daxbench.place import BUDGET
from daxbench.processes import commands, counted, has_openat2

# A count may be off by this much; a larger step down is recorded too, or it could be lost again unnoticed.
TOLERANCE = 0.03


def toolchain():
    """What the counts depend on besides the sources."""
    words = subprocess.run(["swift", "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    version = re.search(r"Swift version (\S+)", words)
    return {"swift": version[1] if version else "unknown", "machine": subprocess.run(
        ["uname", "-m"], stdout=subprocess.PIPE, text=True).stdout.strip(), "openat2": has_openat2()}


def counts(tool, root):
    """{command: its instructions}."""
    return {name: counted(command) for name, command in commands(tool, root).items()}


def write(tool, root):
    """Records what the tool needs now."""
    record = {"counted_with": toolchain(), "instructions": counts(tool, root)}
    BUDGET.write_text(json.dumps(record, indent=2) + "\n")
    return record["instructions"]


def check(tool, root):
    """Compares the tool with the budget and prints it; whether it is kept."""
    record, here = json.loads(BUDGET.read_text()), toolchain()
    if record["counted_with"] != here:
        print(f"budget: not compared: it was counted with {words(record['counted_with'])}, this is {words(here)}")
        return True
    found, is_kept = counts(tool, root), True
    for name, number in found.items():
        allowed = record["instructions"][name]
        change = number / allowed - 1
        verdict = "as budgeted" if abs(change) <= TOLERANCE else "MORE THAN BUDGETED" if change > 0 else "less than budgeted"
        is_kept &= abs(change) <= TOLERANCE
        print(f"budget: {name}: {instructions(number)} instructions, budget {instructions(allowed)} ({change:+.1%}): {verdict}")
    if not is_kept:
        print("budget: a command needs more or fewer instructions than Benchmarks/budget.json allows (3 %). If the change is "
              "meant, run `make budget` and commit the file with the reason. If not, find it with "
              "`valgrind --tool=callgrind` and callgrind_annotate")
    return is_kept


def words(toolchain):
    """The toolchain for people."""
    path = "" if toolchain["openat2"] else ", without openat2 in valgrind"
    return f"Swift {toolchain['swift']} on {toolchain['machine']}{path}"
