"""What became of a guest, read from its console and its snapshots: never from what the tool says of itself."""
import re
from dataclasses import dataclass, field

from daxlab.checks import first_alarm
from daxlab.results import Failure, Results

DEAD = re.compile(r"Kernel panic|\bOops\b|BUG: unable|general protection|hardware memory corruption")


@dataclass
class Outcome:
    """What was lost; empty where nothing was."""
    losses: list = field(default_factory=list)
    owners_before: str = ""
    owners_after: str = ""

    @property
    def harmless(self):
        return not self.losses


def outcome(directory, ranges):
    """Reads a finished or broken run. A holder that lives with its memory intact is no loss."""
    console = (directory / "console.log").read_text(errors="replace")
    results = Results(directory)
    found = Outcome()
    alarm = first_alarm(console + results.kernel_log())
    if DEAD.search(console):
        line = next(line for line in console.splitlines() if DEAD.search(line))
        found.losses.append(f"the kernel died ({plain(line)})")
    elif alarm:
        found.losses.append(f"the kernel complained ({plain(alarm)})")
    found.losses += [f"the situation was not reached ({line[12:]})" for line in console.splitlines()
                     if line.startswith("unprepared: ")]
    if not results.finished:
        if not found.losses:
            found.losses.append("the host stood still")
        return found
    before, after = results.capture("since" if results.has("since") else "before"), results.capture("after")
    found.owners_before, found.owners_after = owners(before, ranges), owners(after, ranges)
    found.losses += lost_memory(before, after, ranges)
    for step in ("holder", "work", "holder-at-the-end", "files"):
        found.losses += lost_work(results, step)
    return found


def plain(line):
    """A line of the kernel log without its time, and without what changes with every run."""
    line = re.sub(r"^\[ *[\d.]+\] ", "", line)
    return re.sub(r"\s*(\bCPU\b|\bPID\b|\bat\b|\[#|\baddress\b|0x[0-9a-f]+).*", "", line).rstrip(" :,")


def owners(capture, ranges):
    """The owner of every range, in words."""
    return ", ".join(" and ".join(sorted({owner for _, owner in capture.owners(range_)})) for range_ in ranges)


def lost_memory(before, after, ranges):
    """Memory that is stuck, regions that went, ranges that nobody owns."""
    losses = []
    names = {device.name for device in after.dax_devices()}
    stuck = [line for line in after.iomem_named(r"dax\d+\.\d+") if line.name not in names]
    if stuck:
        losses.append(f"{sum(line.range.size for line in stuck) >> 20} MiB stuck until a reboot")
    # While cxl_acpi is not loaded no region shows, and the pattern in the memory tells; with it in, it must be there.
    if after.acpi_driver() and len(after.regions()) < len(before.regions()):
        losses.append("the region is gone")
    for range_ in ranges:
        had, has = before.owners(range_), after.owners(range_)
        if all(owner == "none" for _, owner in has) and any(owner != "none" for _, owner in had):
            losses.append("the memory has no owner")
            break
    return losses


def lost_work(results, step):
    """What a process that goes on shows: that it is gone, or that its memory is not what it wrote."""
    try:
        command = results.command(step)
    except Failure:
        return []
    said = command.stdout.strip()
    if step == "files":
        return ["files are gone"] if command.code else []
    if step == "work":
        return [] if ", 0 bad" in said else [f"new work fails ({said or f'killed, {command.code}'})"]
    if said.startswith("gone"):
        return ["a process died"]
    if "pages" in said and ", 0 bad" not in said:
        return ["the memory of a process is damaged"]
    return []
