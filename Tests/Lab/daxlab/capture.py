"""A snapshot of a guest, read by the lab itself: what the judges hold against the tool's word."""
import os
import re
from dataclasses import dataclass
from pathlib import Path

from daxlab.platforms import Range

ACPI_DEVICE = "sys/bus/platform/devices/ACPI0017:00"


@dataclass(frozen=True)
class Line:
    """One line of /proc/iomem."""
    depth: int
    range: Range
    name: str


@dataclass(frozen=True)
class DaxDevice:
    """A device of the dax bus: who made it, where it lies, and which driver has it."""
    name: str
    range: Range
    owner: str
    driver: str


@dataclass(frozen=True)
class Region:
    """A CXL region; `locked` is None on kernels that don't say."""
    name: str
    start: str
    size: str
    committed: bool
    locked: bool
    has_dax_region: bool


class Capture:
    """One snapshot directory."""

    def __init__(self, path):
        self.path = Path(path)

    def __str__(self):
        return self.path.name

    def read(self, name):
        """A file's text without the line end, or None where there is no such file."""
        path = self.path / name
        return path.read_text(errors="replace").strip("\n") if path.is_file() else None

    def link_name(self, name):
        """The last part of what a link points to, or None."""
        path = self.path / name
        return os.path.basename(os.readlink(path)) if path.is_symlink() else None

    def links(self, directory):
        """{name: real path} of the devices in a bus directory."""
        return {path.name: os.path.realpath(path) for path in sorted((self.path / directory).glob("*"))}

    def iomem(self):
        """The lines of /proc/iomem."""
        found = re.findall(r"^( *)([0-9a-f]+)-([0-9a-f]+) : (.*)$", self.read("proc/iomem"), re.MULTILINE)
        return [Line(len(indent) // 2, Range(int(start, 16), int(end, 16)), name)
                for indent, start, end, name in found]

    def iomem_named(self, pattern):
        """The lines of /proc/iomem whose name matches."""
        return [line for line in self.iomem() if re.fullmatch(pattern, line.name)]

    def windows(self):
        """The CXL windows in /proc/iomem: there only while cxl_acpi is bound."""
        return self.iomem_named(r"CXL Window \d+")

    def acpi_driver(self):
        """The driver of the ACPI device that stands for all CXL windows, or None."""
        return self.link_name(f"{ACPI_DEVICE}/driver")

    def dax_devices(self):
        """The devices of the dax bus. Only the path of a device tells who made it."""
        devices = []
        for name, path in self.links("sys/bus/dax/devices").items():
            base = os.path.relpath(path, os.path.realpath(self.path))
            start, size = int(self.read(f"{base}/resource"), 16), int(self.read(f"{base}/size"))
            owner = ("cxl" if re.search(r"/region\d+/dax_region\d+/", base)
                     else "hmem" if re.search(r"/hmem\.\d+/", base) else f"unknown ({base})")
            driver = self.link_name(f"{base}/driver")
            devices.append(DaxDevice(name, Range(start, start + size - 1), owner, driver))
        return devices

    def owners(self, range_):
        """[(Range, owner)] over every byte of a range: cxl, hmem, none or both."""
        devices = self.dax_devices()
        edges = {range_.start, range_.end + 1}
        for device in devices:
            edges |= {edge for edge in (device.range.start, device.range.end + 1) if range_.start < edge <= range_.end}
        edges = sorted(edges)
        segments = []
        for start, end in zip(edges, edges[1:]):
            makers = sorted({device.owner for device in devices
                             if device.range.start <= start and end - 1 <= device.range.end})
            owner = "none" if not makers else makers[0] if len(makers) == 1 else "both"
            segments.append((Range(start, end - 1), owner))
        return segments

    def regions(self):
        """The CXL regions."""
        found = []
        for name, path in self.links("sys/bus/cxl/devices").items():
            if re.fullmatch(r"region\d+", name):
                base = os.path.relpath(path, os.path.realpath(self.path))
                locked = self.read(f"{base}/locked")
                found.append(Region(name, self.read(f"{base}/resource"), self.read(f"{base}/size"),
                                    self.read(f"{base}/commit") == "1", None if locked is None else locked == "1",
                                    bool(list(Path(path).glob("dax_region*")))))
        return found

    def memory_blocks(self, range_):
        """{number: (state, zone)} of the memory blocks in a range."""
        directory = "sys/devices/system/memory"
        size = int(self.read(f"{directory}/block_size_bytes"), 16)
        numbers = range(range_.start // size, range_.end // size + 1)
        return {number: (self.read(f"{directory}/memory{number}/state"),
                         self.read(f"{directory}/memory{number}/valid_zones"))
                for number in numbers if self.read(f"{directory}/memory{number}/state")}

    def decoders(self):
        """{decoder: (start, size, mode, locked)} of all decoders, programmed or not."""
        found = {}
        for name, path in self.links("sys/bus/cxl/devices").items():
            if name.startswith("decoder"):
                base = os.path.relpath(path, os.path.realpath(self.path))
                found[name] = tuple(self.read(f"{base}/{attribute}")
                                    for attribute in ("start", "size", "mode", "locked"))
        return found

    def programmed_decoders(self):
        """The decoders below the windows that are programmed."""
        return [name for name, (_, size, _, _) in self.decoders().items()
                if not name.startswith("decoder0.") and int(size or "0", 16)]

    def modules(self):
        """{module: (address, inode of its directory entry)}: both stay for as long as it stays loaded."""
        addresses = {line.split()[0]: line.split()[5] for line in self.read("proc/modules").splitlines()}
        inodes = dict(re.findall(r"/sys/module/(\w+)/initstate (\d+)", self.read("module-inodes")))
        return {name: (address, inodes.get(name)) for name, address in addresses.items()}
