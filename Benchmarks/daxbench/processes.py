"""Whole processes: instructions, time, peak memory."""
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

from daxbench.figures import Figure, instructions, mebibytes
from daxbench.place import files

# What ends with one of these has done its work; 3 is a plan that a hazard refuses.
DONE = (0, 3)
# Nothing of the caller's environment is counted, and dictionaries have one order: two runs count within 0.1 %.
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "SWIFT_DETERMINISTIC_HASHING": "1"}


class Unmeasured(Exception):
    """Something could not be measured."""


def counted(command):
    """The instructions of a command in user space.

    valgrind before 3.22 has no openat2(2): the tool then walks each path by itself, so these figures are above those of a
    real run.
    """
    with tempfile.NamedTemporaryFile(prefix="callgrind-") as out:
        run = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}", *command],
                             env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True)
    match = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode not in DONE or not match:
        raise Unmeasured(f"callgrind of {' '.join(command)} ended {run.returncode}:\n{run.stderr[-600:]}")
    return int(match[1])


def has_openat2():
    """Whether valgrind passes openat2(2) on."""
    version = subprocess.run(["valgrind", "--version"], stdout=subprocess.PIPE, text=True).stdout
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2]) >= (3, 22)


@dataclass
class Cost:
    """Of one child: seconds on the clock, of the processor, and the peak of resident memory in bytes."""
    clock: float
    processor: float
    memory: float


def measured(command, stdin=subprocess.DEVNULL):
    """What one child costs, with its own children. time(1) starts it: what this program has in memory would count too."""
    with tempfile.NamedTemporaryFile("r", prefix="time-") as out:
        start = time.monotonic()
        run = subprocess.run(["/usr/bin/time", "-q", "-o", out.name, "-f", "%U %S %M", *command], stdin=stdin,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        clock = time.monotonic() - start
        report = out.read().split()
    if run.returncode not in DONE:
        raise Unmeasured(f"{' '.join(command)[:200]} ended {run.returncode}: {run.stderr[-300:]}")
    user, system, memory = map(float, report)
    return Cost(clock, user + system, memory * 1024)


def processor_time(command, runs):
    """The median processor time of a short command, which other work on the machine disturbs least."""
    times = []
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, descriptor) for descriptor in (0, 1, 2)]
    for _ in range(runs + 1):
        process = os.posix_spawn(command[0], command, ENVIRONMENT, file_actions=actions)
        _, status, usage = os.wait4(process, 0)
        times.append(usage.ru_utime + usage.ru_stime)
        if os.waitstatus_to_exitcode(status) not in DONE:
            raise Unmeasured(f"{' '.join(command)[:200]} ended {os.waitstatus_to_exitcode(status)}")
    os.close(null)
    # The first run puts the files into memory.
    return statistics.median(times[1:])


def commands(tool, root):
    """The commands of the budget, by name."""
    return {"--version": [tool, "--version"],
            "status --root": [tool, "status", "--root", str(root)],
            "plan hmem --root": [tool, "plan", "hmem", "--root", str(root)]}


def figures(tool, root, runs):
    """Instructions, time and peak memory of the tool on one recorded machine."""
    named = commands(tool, root)
    reach = {"--version": 6e6, "status --root": 25e6, "plan hmem --root": 30e6}
    path = "" if has_openat2() else ", paths walked in user space"
    result = [Figure(f"`{name}`, instructions{path if name != '--version' else ''}", counted(command), instructions,
                     reach=reach[name]) for name, command in named.items()]
    cat = processor_time(["/bin/cat", *files(root)], runs)
    for name in ("status --root", "plan hmem --root"):
        result.append(Figure(f"`{name}`, processor time", processor_time(named[name], runs), peer=cat,
                             peer_name="`cat` of the machine's files"))
    result.append(Figure("`--version`, processor time", processor_time(named["--version"], runs),
                         peer=processor_time(["/usr/sbin/modprobe", "--version"], runs), peer_name="`modprobe --version`"))
    result.append(Figure("`status --root`, peak memory", measured(named["status --root"]).memory, mebibytes,
                         reach=12 * 2 ** 20))
    result.append(Figure("the binary's size", os.path.getsize(tool), mebibytes, reach=12 * 2 ** 20))
    return result


def tool_path(path):
    """The tool, which must be a release build."""
    if not os.access(path, os.X_OK):
        sys.exit(f"bench: {path}: not there. Run `make` first")
    return str(os.path.realpath(path))
