"""The demonstration: the tool's main job on a booted kernel, for a person to watch.

What is printed comes from the guest's own terminal, its third serial port: every command with its real
output. Whether it worked is judged as in a case, from snapshots, and not from what was printed.
"""
import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from daxlab import checks, kernels
from daxlab.archive import ArchiveError
from daxlab.machine import EmulatorError, Machine
from daxlab.platforms import INSIDE, MEBIBYTE, PLATFORMS
from daxlab.results import Failure, unpack
from daxlab.runner import tail

TIMEOUT = 300
COMMANDS = ("status", "plan hmem", "apply hmem --yes", "status", "verify hmem", "apply cxl --yes", "verify cxl")
# After these commands a snapshot is taken: the name, and the owner that it has to show.
SNAPSHOTS = {"status": "cxl", "apply hmem --yes": "hmem", "verify cxl": "cxl"}

FUNCTIONS = """
terminal=/dev/ttyS2
stty -F $terminal raw -echo
show() {
    new_step shown
    mkdir $directory
    printf '%s\\n' "$@" > $directory/argv
    printf '\\n%s$ daxswitch %s%s\\n' "$bold" "$*" "$plain" > $terminal
    daxswitch "$@" > $terminal 2>&1
    echo $? > $directory/code
    touch $directory/stdout $directory/stderr
    send $directory
}
"""


def script():
    """The guest's script. Colour and width are those of the terminal that this runs in."""
    columns, lines = shutil.get_terminal_size()
    coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM", "dumb") != "dumb"
    if coloured:
        style = "export TERM=xterm-256color\nbold=$(printf '\\033[1m') plain=$(printf '\\033[0m')\n"
    else:
        style = "export TERM=dumb NO_COLOR=1\nbold= plain=\n"
    shown = []
    for command in COMMANDS:
        shown.append(f"show {command}\n")
        if command in SNAPSHOTS:
            shown.append(f"cap {snapshot_name(command)}\n")
    return (f"{FUNCTIONS}{style}stty -F $terminal cols {columns} rows {lines}\n"
            f"export COLUMNS={columns} LINES={lines}\nstart_udev\n{''.join(shown)}")


def snapshot_name(command):
    """The name of the snapshot that follows a command."""
    return "after-" + command.split(" --")[0].replace(" ", "-")


def judge(results):
    """Every command ended 0, and the memory had the owner that was asked for."""
    checks.healthy(results)
    for occurrence in range(1, len(COMMANDS) + 1):
        command = results.command("shown", occurrence)
        checks.check(command.code == 0, f"daxswitch {' '.join(command.argv)} ended {command.code}")
    for command, owner in SNAPSHOTS.items():
        checks.owned(results.capture(snapshot_name(command)), {INSIDE: owner})


def show(tool, policies):
    """Boots, shows and judges. The last lines of the guest's console tell why where it broke off."""
    kernel = kernels.kernel("coordinated")
    print(f"A machine with {INSIDE.size // MEBIBYTE} MiB of CXL memory at {INSIDE}, Soft Reserved, its region\n"
          f"committed and locked by the firmware; Linux {kernel.release} in QEMU, without acceleration.\n"
          "Booting takes about half a minute.", flush=True)
    with tempfile.TemporaryDirectory(prefix="daxswitch-demo.") as scratch:
        console, stream, steps = (Path(scratch, name) for name in ("console", "stream", "steps"))
        steps.mkdir()
        machine = Machine(PLATFORMS["locked"], kernel, script(), tool, policies)
        in_time = machine.run(console, stream, TIMEOUT, "stdio")
        results = unpack(stream, steps)
        if not in_time or not results.finished:
            raise Failure(f"the guest did not come to its end; the last lines of its console:\n{tail(console)}")
        judge(results)
    print("\nEvery command did what it said: snapshots of the guest's sysfs show "
          + ", then ".join(SNAPSHOTS.values()) + " as the owner.")


def has_soft_reserved():
    """Whether this machine itself has Soft Reserved memory."""
    types = Path("/sys/firmware/memmap").glob("*/type")
    return ("Soft Reserved" in Path("/proc/iomem").read_text()
            or any("Soft Reserved" in path.read_text() for path in types))


def main():
    """Runs the demonstration and returns the exit code."""
    options = argparse.ArgumentParser(prog="demo", description=__doc__.splitlines()[0])
    options.add_argument("--tool", type=Path, required=True, help="the daxswitch binary")
    options.add_argument("--policies", type=Path, help="a directory of policies for the guest")
    chosen = options.parse_args()
    try:
        show(chosen.tool, chosen.policies)
    except (ArchiveError, EmulatorError, Failure, FileNotFoundError) as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if has_soft_reserved():
        print("\nThis machine has Soft Reserved memory of its own. Nothing was done to it; to look at it, type:\n"
              "    daxswitch status\n    daxswitch plan hmem")
    return 0
