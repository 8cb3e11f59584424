"""The order of functions in the release build: Tools/function-order.txt, which the linker follows."""
import re
import subprocess
import tempfile
from pathlib import Path

from daxbench.place import ORDER
from daxbench.processes import ENVIRONMENT, Unmeasured, commands


def write(tool, machines):
    """Records the functions of a build with symbols, in the order in which the usual commands first call them."""
    symbols = set(subprocess.run(["nm", "--defined-only", "--format=just-symbols", tool], stdout=subprocess.PIPE,
                                 text=True, check=True).stdout.split())
    if not symbols:
        raise Unmeasured(f"{tool} has no symbols: `make order` builds it with them")
    order = {}
    for command in runs(tool, machines):
        order.update(dict.fromkeys(name for name in called(command) if name in symbols))
    ORDER.write_text("".join(f"{name}\n" for name in order))
    return len(order)


def runs(tool, machines):
    """What people and scripts start most, the shortest first."""
    first, last = str(machines[0]), str(machines[-1])
    return [*commands(tool, machines[0]).values(), [tool, "status"], [tool, "plan", "hmem"],
            [tool, "status", "--json", "--root", last], [tool, "plan", "cxl", "--json", "--root", last],
            [tool, "verify", "cxl", "--root", first], [tool, "diff", first, last], [tool, "report", "--root", first]]


def called(command):
    """The names of the functions that a command calls, by the first call."""
    with tempfile.TemporaryDirectory(prefix="order-") as directory:
        run = subprocess.run(["valgrind", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={directory}/%p", *command],
                             env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True)
        profiles = sorted(Path(directory).iterdir())
        if not profiles:
            raise Unmeasured(f"callgrind of {' '.join(command)} ended {run.returncode}:\n{run.stderr[-600:]}")
        for profile in profiles:
            for name in re.findall(r"^c?fn=\(\d+\) (\S+)$", profile.read_text(errors="replace"), re.MULTILINE):
                # A function that calls itself has a number behind its name.
                yield re.sub(r"'\d+$", "", name)
