"""The machines that the lab boots: what the firmware did, and where memory is Soft Reserved."""
from dataclasses import dataclass

from daxlab.topology import DEVICE_MEBIBYTES, FIRST_WINDOW, MEBIBYTE, PLUGGED, Device, Topology

DEVICE_SIZE = DEVICE_MEBIBYTES * MEBIBYTE


@dataclass(frozen=True)
class Range:
    """An address range, its end inclusive as in /proc/iomem."""
    start: int
    end: int

    @property
    def size(self):
        return self.end - self.start + 1

    def __str__(self):
        return f"{self.start:#x}-{self.end:#x}"


INSIDE = Range(FIRST_WINDOW, FIRST_WINDOW + DEVICE_SIZE - 1)
# In ordinary memory, away from where kernels and their archives are loaded.
OUTSIDE = Range(0x10000000, 0x10000000 + 256 * MEBIBYTE - 1)


def memory_map(soft_reserved):
    """The kernel parameters that make Soft Reserved ranges.

    0xefffffff is the type number of Soft Reserved; in ordinary memory the old type, 1, has to be named.
    """
    return " ".join(f"memmap={range_.size // MEBIBYTE}M%{range_.start:#x}{'-1' if range_.start < PLUGGED else ''}+0xefffffff"
                    for range_ in soft_reserved)


@dataclass(frozen=True)
class Region:
    """A region for a first kernel to commit: its type, size, window, and the serial numbers of its devices."""
    type: str
    size: int
    window: int = FIRST_WINDOW
    serials: tuple = (1,)

    def __str__(self):
        """As guest/regions.sh takes it."""
        return f"{self.type} {self.size:#x} {self.window:#x} {' '.join(map(str, self.serials))}"


@dataclass(frozen=True)
class Platform:
    """One machine. A region is committed by a first kernel, which then starts the one under test."""
    name: str
    soft_reserved: tuple
    region: bool = False
    locked: bool = False
    # Without decoders in the host bridge the second kernel finds the region, but can't assemble it.
    assembles: bool = True
    # The owner of each range after udev's coldplug, by kernel.
    boot_owners: tuple = ()
    # A second memory device with a region of its own behind the first one: `ram` or `pmem`.
    second: str = ""
    # Ranges of the SRAT beside that of ordinary memory, which an HMAT makes ranges of dax_hmem; none: there is no HMAT.
    proximity: tuple = ()
    # MiB of memory at PLUGGED, which is in no memory map.
    plugged: int = 0

    @property
    def topology(self):
        """The hardware: one window, and a device or two."""
        devices = (Device(), Device(persistent=self.second == "pmem")) if self.second else (Device(),)
        return Topology(devices=devices, assembles=self.assembles, plugged=self.plugged)

    @property
    def regions(self):
        """What the first kernel commits; without any there is no first kernel."""
        if not self.region:
            return ()
        first = Region("ram", DEVICE_SIZE)
        return (first, Region(self.second, DEVICE_SIZE, serials=(2,))) if self.second else (first,)

    def owners(self, kernel):
        """What kernel owns at boot: {Range: owner}."""
        return {range_: owner if isinstance(owner, str) else owner[kernel]
                for range_, owner in zip(self.soft_reserved, self.boot_owners)}

    def command_line(self):
        """The kernel parameters that make the ranges where no first kernel puts them into the memory map."""
        if self.region:
            return ""
        # The kernel would take what was plugged in as its own.
        return f"{memory_map(self.soft_reserved)}{' acpi_no_memhotplug' if self.plugged else ''}"


@dataclass(frozen=True)
class Wired:
    """A machine whose hardware is given piece by piece, with the regions that a first kernel commits there."""
    name: str
    topology: Topology
    soft_reserved: tuple
    regions: tuple = ()
    locked: bool = False
    proximity: tuple = ()

    def command_line(self):
        """As a platform's."""
        return "" if self.regions else memory_map(self.soft_reserved)


# What firmware reserves where it took a window for larger than its region.
LARGER = Range(INSIDE.start, INSIDE.start + 2 * DEVICE_SIZE - 1)
SECOND = Range(INSIDE.end + 1, INSIDE.end + DEVICE_SIZE)
# With an HMAT: the halves of a range outside, all of the first window, and memory that was plugged in.
OUTSIDE_HALVES = (Range(OUTSIDE.start, OUTSIDE.start + OUTSIDE.size // 2 - 1),
                  Range(OUTSIDE.start + OUTSIDE.size // 2, OUTSIDE.end))
WINDOW = Range(FIRST_WINDOW, FIRST_WINDOW + 4096 * MEBIBYTE - 1)
PLUGGED_MEMORY = Range(PLUGGED, PLUGGED + 128 * MEBIBYTE - 1)
PLUGGED_RANGE = Range(PLUGGED, PLUGGED + 512 * MEBIBYTE - 1)
# A coordinated kernel gives what no region covers to dax_hmem at the first probe; before, nobody has it.
UNCLAIMED = {"coordinated": "hmem", "6.12": "none"}
# What no region contains is dax_hmem's, though one covers its memory; before, CXL has that.
WHOLE = {"coordinated": "hmem", "6.12": "cxl"}
# How a range without a decoder gets one: before 7.1 a region by hand lands behind the Soft Reserved line of iomem.
GETS_REGION = {"coordinated": "create-region", "6.12": "set up a region over the range in the firmware"}

PLATFORMS = {platform.name: platform for platform in (
    Platform("locked", (INSIDE,), region=True, locked=True, boot_owners=("cxl",)),
    Platform("unlocked", (INSIDE,), region=True, boot_owners=("cxl",)),
    Platform("unassembled", (INSIDE,), region=True, assembles=False, boot_owners=(UNCLAIMED,)),
    Platform("none", (INSIDE,), boot_owners=(UNCLAIMED,)),
    # Before 7.1 CXL owns a part of it and nobody the rest.
    Platform("partial", (LARGER,), region=True, boot_owners=("hmem",)),
    Platform("elsewhere", (OUTSIDE,), boot_owners=("hmem",)),
    Platform("mixed-locked", (OUTSIDE, INSIDE), region=True, locked=True, boot_owners=("hmem", "cxl")),
    Platform("mixed-unlocked", (OUTSIDE, INSIDE), region=True, boot_owners=("hmem", "cxl")),
    Platform("two-locked", (INSIDE, SECOND), region=True, locked=True, boot_owners=("cxl", "cxl"), second="ram"),
    # The HMAT of a real server: dax_hmem takes whole ranges of the SRAT. Before 7.0, none that is partly something else.
    Platform("hmat-split", (OUTSIDE,), boot_owners=("hmem",), proximity=OUTSIDE_HALVES),
    Platform("hmat-part", OUTSIDE_HALVES[:1], boot_owners=(UNCLAIMED,), proximity=(OUTSIDE,)),
    Platform("hmat-larger", (PLUGGED_MEMORY,), boot_owners=("hmem",), proximity=(PLUGGED_RANGE,), plugged=128),
    Platform("hmat-region", (INSIDE,), region=True, locked=True, boot_owners=("cxl",), proximity=(INSIDE,)),
    Platform("hmat-window-locked", (INSIDE,), region=True, locked=True, boot_owners=(WHOLE,), proximity=(WINDOW,)),
    Platform("hmat-window-unlocked", (INSIDE,), region=True, boot_owners=(WHOLE,), proximity=(WINDOW,)),
    Platform("hmat-window", (INSIDE,), boot_owners=(UNCLAIMED,), proximity=(WINDOW,)),
    # Firmware does not reserve persistent memory.
    Platform("pmem", (INSIDE,), region=True, locked=True, boot_owners=("cxl",), second="pmem"),
)}

# Two memory devices below one host bridge, the same behind a switch, and three devices: a region by hand, or by the firmware.
PAIR, SWITCH, TRIO = (Topology(devices=(Device(),) * count, switched=switched)
                      for count, switched in ((2, False), (2, True), (3, False)))
THIRD = Range(SECOND.end + 1, SECOND.end + DEVICE_SIZE)
INTERLEAVED = (Region("ram", 2 * DEVICE_SIZE, serials=(1, 2)),)
ONE_EACH = tuple(Region("ram", DEVICE_SIZE, serials=(serial,)) for serial in (1, 2, 3))

WIRED = {machine.name: machine for machine in (
    Wired("pair", PAIR, (LARGER,)),
    Wired("pair-unlocked", PAIR, (LARGER,), INTERLEAVED),
    Wired("switch", SWITCH, (LARGER,)),
    Wired("trio", TRIO, (INSIDE, SECOND, THIRD)),
    Wired("trio-unlocked", TRIO, (INSIDE, SECOND, THIRD), ONE_EACH),
    Wired("persistent", Topology(devices=(Device(persistent=True),) * 2), (OUTSIDE,)),
)}
