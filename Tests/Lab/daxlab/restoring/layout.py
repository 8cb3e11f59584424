"""What a capture shows of regions: all that a region has to have again, by the identity of its hardware."""
import os
import re
from dataclasses import dataclass

from daxlab.checks import check
from daxlab.platforms import Range

CXL = "sys/bus/cxl/devices"


@dataclass(frozen=True)
class Target:
    """A memory device's part of a region: the device by serial number and PCI function, and the bytes of the device."""
    serial: str
    function: str
    bytes: Range

    def __str__(self):
        return f"serial {self.serial} at {self.function}, device bytes {self.bytes}"


@dataclass(frozen=True)
class Layout:
    """A committed region, without the names that the kernel numbers."""
    range: Range
    mode: str
    ways: int
    granularity: int
    targets: tuple
    has_driver: bool

    def __str__(self):
        return (f"{self.range} {self.mode}, {self.ways} ways of {self.granularity}: "
                f"{'; '.join(map(str, self.targets))}{'' if self.has_driver else '; no driver'}")


def paths(capture, pattern):
    """{name: path within the capture} of CXL devices."""
    root = os.path.realpath(capture.path)
    return {name: os.path.relpath(path, root) for name, path in capture.links(CXL).items() if re.fullmatch(pattern, name)}


def number(capture, name):
    """A number that a file has; 0 without it."""
    return int(capture.read(name) or "0", 0)


def memory_devices(capture):
    """{name: (serial, PCI function)} of the memory devices: the names are numbers, given again with each load."""
    return {name: (capture.read(f"{path}/serial"), os.path.basename(os.path.dirname(path)))
            for name, path in paths(capture, r"mem\d+").items()}


def layouts(capture):
    """The committed regions, by address."""
    memory = memory_devices(capture)
    decoders = paths(capture, r"decoder\d+\.\d+")
    found = []
    for path in paths(capture, r"region\d+").values():
        if capture.read(f"{path}/commit") != "1":
            continue
        ways, targets = number(capture, f"{path}/interleave_ways"), []
        for position in range(ways):
            decoder = decoders.get(capture.read(f"{path}/target{position}"))
            if decoder is None:
                targets.append(None)
                continue
            start, size = (number(capture, f"{decoder}/{name}") for name in ("dpa_resource", "dpa_size"))
            device = memory.get(capture.link_name(f"{os.path.dirname(decoder)}/uport"), ("unknown", "unknown"))
            targets.append(Target(*device, Range(start, start + size - 1)))
        start, size = number(capture, f"{path}/resource"), number(capture, f"{path}/size")
        found.append(Layout(Range(start, start + size - 1), capture.read(f"{path}/mode"), ways,
                            number(capture, f"{path}/interleave_granularity"), tuple(targets),
                            capture.link_name(f"{path}/driver") == "cxl_region"))
    return sorted(found, key=lambda layout: layout.range.start)


def strays(capture):
    """What a region that is whole or gone does not leave: regions that are not committed, decoders with bytes and no region."""
    found = [f"{name} is not committed" for name, path in paths(capture, r"region\d+").items()
             if capture.read(f"{path}/commit") != "1"]
    for name, path in paths(capture, r"decoder[1-9]\d*\.\d+").items():
        region, bytes_ = capture.read(f"{path}/region"), number(capture, f"{path}/dpa_size")
        if not region and bytes_:
            found.append(f"{name} has {bytes_:#x} bytes of its device and no region")
    committed = len(layouts(capture))
    for name, path in paths(capture, r"(port|endpoint)\d+").items():
        programmed = number(capture, f"{path}/decoders_committed")
        if programmed > committed:
            found.append(f"{name} has {programmed} committed decoders for {committed} regions")
    return found


def in_windows(capture):
    """The lines of /proc/iomem within CXL windows, without the numbers of names."""
    windows = capture.windows()
    return [(line.depth, line.range, re.sub(r"\d+(\.\d+)?$", "", line.name)) for line in capture.iomem()
            if any(window.range.start <= line.range.start and line.range.end <= window.range.end for window in windows)]


def use(capture):
    """The dax devices with their bytes, owner and driver, and the state and zone of the memory blocks below them."""
    devices = sorted((device.range.start, device.range.end, device.owner, device.driver) for device in capture.dax_devices())
    blocks = {}
    for start, end, *_ in devices:
        blocks |= capture.memory_blocks(Range(start, end))
    return devices, blocks


def regions_as(before, after):
    """The same regions over the same bytes of the same devices, and nothing beside them."""
    was, now = layouts(before), layouts(after)
    check(was, f"capture {before}: there is no committed region")
    check(was == now, f"capture {after}: the regions are [{', '.join(map(str, now))}], not [{', '.join(map(str, was))}]")
    left = strays(after)
    check(not left, f"capture {after}: {'; '.join(left)}")


def whole_as(before, after):
    """The same regions, dax devices, drivers, use of the memory, and lines of /proc/iomem."""
    regions_as(before, after)
    for what, view in (("the dax devices and memory blocks", use), ("/proc/iomem within CXL windows", in_windows)):
        was, now = view(before), view(after)
        check(was == now, f"{what} differ between capture {before} and {after}: {was} became {now}")


def gone(capture):
    """No region is there, not even a part of one."""
    found = paths(capture, r"region\d+")
    check(not found, f"capture {capture}: {', '.join(found)} is there")
    left = strays(capture)
    check(not left, f"capture {capture}: {'; '.join(left)}")


def contents(results):
    """What became of the pattern, for the line of the verdict."""
    found = [path for path in results.steps if path.name.endswith("-pattern-check")]
    words = [(path / "stdout").read_text().strip().removeprefix("check: ") or "not read" for path in found]
    return f"contents: {'; '.join(words) or 'not looked at'}"
