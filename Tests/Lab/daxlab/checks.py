"""What judges check again and again. Each check raises Failure with one clear sentence."""
import re

from daxlab.platforms import Range
from daxlab.results import Failure

ALARM = re.compile(r"WARNING: (CPU|.*\bat )|\bOops\b|\bBUG:|Kernel panic|general protection|Call Trace|soft lockup|"
                   r"blocked for more than \d+ seconds")
# Lines with names of a process and its binary: any user can have put an alarm's words into them.
OF_A_USER = re.compile(r"\[\d+\]: segfault at |\btraps: .*\[\d+\] |\[([0-9a-f]+,)?[0-9a-f]+\+[0-9a-f]+\]")


def check(holds, sentence):
    """Raises the sentence where something does not hold."""
    if not holds:
        raise Failure(sentence)


def first_alarm(log):
    """The first line by which a kernel complains; None if it does not."""
    return next((line for line in log.splitlines() if ALARM.search(line) and not OF_A_USER.search(line)), None)


def healthy(results):
    """The guest ran to its end and its kernel did not complain."""
    alarm = first_alarm(results.kernel_log())
    check(alarm is None, f"the kernel raised an alarm: {alarm}")
    check(results.finished, "the guest did not come to the end of its script")


def ended(command, *codes):
    """A command ended with one of these codes."""
    wanted = " or ".join(str(code) for code in codes)
    said = (command.stderr.strip() or command.stdout.strip())[-300:]
    check(command.code in codes, f"{command} ended {command.code}, not {wanted}; its last words: {said!r}")


def owned(capture, owners):
    """Every byte of each range has the owner given for it: {Range: owner}; iomem does not contradict."""
    for range_, owner in owners.items():
        for segment, found in capture.owners(range_):
            check(found == owner, f"capture {capture}: {segment} is owned by {found}, not by {owner}")
    for device in capture.dax_devices():
        lines = [line for line in capture.iomem() if line.name == device.name]
        if device.driver:
            check([line.range for line in lines] == [device.range],
                  f"capture {capture}: {device.name} has driver {device.driver}, but /proc/iomem shows it at "
                  f"{', '.join(str(line.range) for line in lines) or 'no address'} instead of {device.range}")
    names = {device.name for device in capture.dax_devices()}
    for line in capture.iomem_named(r"dax\d+\.\d+"):
        check(line.name in names,
              f"capture {capture}: /proc/iomem has {line.name}, a device that is gone (leaked memory)")


def cxl_stays_out(capture):
    """cxl_acpi has no hold on the machine: no window in iomem, no driver on the ACPI device."""
    check(not capture.windows(), f"capture {capture}: /proc/iomem has a CXL window, so cxl_acpi is back")
    check(capture.acpi_driver() is None, f"capture {capture}: ACPI0017:00 is bound to {capture.acpi_driver()}")


def untouched(before, after):
    """Nothing that decides ownership differs between two captures, and no module was loaded again."""
    for what, view in (
            ("/proc/iomem", lambda capture: capture.read("proc/iomem")),
            ("the dax devices", lambda capture: capture.dax_devices()),
            ("the regions", lambda capture: capture.regions()),
            ("the decoders", lambda capture: capture.decoders()),
            ("the driver of ACPI0017:00", lambda capture: capture.acpi_driver()),
            ("/proc/sys/kernel/modprobe", lambda capture: capture.read("proc/sys/kernel/modprobe"))):
        was, now = view(before), view(after)
        check(was == now, f"{what} changed from capture {before} to {after}: {difference(was, now)}")
    same_modules(before, after)


def same_modules(before, after):
    """The same modules are loaded, and none of them was loaded again."""
    was, now = before.modules(), after.modules()
    changed = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
    check(not changed, f"modules came, went or were loaded again from capture {before} to {after}: {', '.join(changed)}")


def difference(was, now):
    """A short text about where two values part."""
    if isinstance(was, str) and isinstance(now, str):
        gone, new = (sorted(set(a.splitlines()) - set(b.splitlines())) for a, b in ((was, now), (now, was)))
        return f"gone {gone}, new {new}"
    return f"{was} became {now}"


def document(command, kind):
    """The JSON that a command printed, with the members that every document has."""
    content = command.json()
    check(content.get("schema_version") == 1, f"{command}: schema_version is {content.get('schema_version')!r}, not 1")
    check(content.get("kind") == kind, f"{command}: kind is {content.get('kind')!r}, not {kind!r}")
    return content


def segments(content, command):
    """{Range: segment} of a document's ranges: sorted, not overlapping, sizes right."""
    found, last = {}, -1
    for segment in content["ranges"]:
        range_ = Range(int(segment["start"], 16), int(segment["end"], 16))
        check(range_.start > last, f"{command}: ranges overlap or are not sorted at {range_}")
        check(segment["size"] == range_.size, f"{command}: {range_} has size {segment['size']}, not {range_.size}")
        found[range_], last = segment, range_.end
    return found


def status_agrees(command, capture, ranges):
    """status --json says of every byte of these ranges what the capture shows."""
    ended(command, 0)
    told = segments(document(command, "status"), command)
    for range_ in ranges:
        covered = sum(min(range_.end, part.end) - max(range_.start, part.start) + 1 for part in told
                      if part.start <= range_.end and range_.start <= part.end)
        check(covered == range_.size, f"{command}: only {covered} bytes of {range_} are told of")
        for segment, owner in capture.owners(range_):
            for part, member in told.items():
                if part.start <= segment.end and segment.start <= part.end:
                    check(member["owner"] == owner, f"{command}: {part} is said to be owned by {member['owner']}, "
                                                    f"but capture {capture} shows {owner} at {segment}")


def refused(command, hazard, *words):
    """A command ended 3 and named a hazard, with these words in its explanation."""
    ended(command, 3)
    said = command.stdout + command.stderr
    for word in (hazard, *words):
        check(word in said, f"{command} was refused, but does not say {word!r}: {said[-300:]!r}")


def pattern_intact(command):
    """Every page of the memory answered with what was written there."""
    ended(command, 0)
    check(", 0 bad" in command.stdout, f"{command}: {command.stdout.strip()}")
