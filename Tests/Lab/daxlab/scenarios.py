"""The machines and steps that `lab record` records: what the cases of the main job don't have."""
from dataclasses import dataclass

from daxlab.platforms import (DEVICE_SIZE, OUTSIDE, OUTSIDE_HALVES, PLUGGED_MEMORY, PLUGGED_RANGE, WINDOW, Range,
                              Region, memory_map)
from daxlab.topology import MEBIBYTE, Device, Topology

# Every order that matters: CXL's side first, dax_hmem at its first and later probes, and dax_hmem alone.
ROUND = """
load cxl_acpi cxl_pci cxl_mem
moment topology
load dax_hmem
moment hmem-first
load dax_cxl
moment dax_cxl-first
load kmem
moment kmem
unload dax_cxl dax_hmem
moment dax-out
load dax_hmem
moment hmem-again
load dax_cxl
moment dax_cxl-again
unload dax_cxl dax_hmem cxl_acpi
moment acpi-out
hold
insert_alone dax_hmem
moment hmem-alone
release
load cxl_acpi
moment acpi-back
load dax_cxl
moment dax_cxl-last
"""

BY_HAND = """
load cxl_acpi cxl_pci cxl_mem
await_endpoints 1
moment topology
note "region made by hand"
commit_region ram 0x20000000 0x5d0000000 1
region=$(basename $(ls -d /sys/bus/cxl/devices/region*))
echo $region > /sys/bus/cxl/drivers/cxl_region/bind
sleep 1
moment region
""" + ROUND.replace("load cxl_acpi cxl_pci cxl_mem\nmoment topology\n", "")

# A region that somebody makes in a range that dax_hmem holds, or that it has left alone.
LATE = """
load cxl_acpi cxl_pci cxl_mem
await_endpoints 1
load dax_hmem
moment hmem-first
note "region made by hand"
commit_region ram 0x20000000 0x5d0000000 1
region=$(basename $(ls -d /sys/bus/cxl/devices/region*))
echo $region > /sys/bus/cxl/drivers/cxl_region/bind
sleep 1
moment region
load dax_cxl
moment dax_cxl-first
unload dax_cxl dax_hmem
moment dax-out
load dax_hmem
moment hmem-again
load dax_cxl
moment dax_cxl-again
"""

def given_back(size, devices):
    """A region is lost with cxl_acpi and made again through sysfs, before dax_hmem comes and after it."""
    make = f"""
note "region made by hand"
commit_region ram {size:#x} 0x5d0000000 {devices}
region=$(basename $(ls -d /sys/bus/cxl/devices/region*))
put $region /sys/bus/cxl/drivers/cxl_region/bind
"""
    return f"""
load cxl_acpi cxl_pci cxl_mem dax_hmem dax_cxl
moment cxl-owned
unload dax_cxl dax_hmem cxl_acpi
moment acpi-out
load cxl_acpi
await_endpoints {len(devices.split())}
moment acpi-back
{make}
moment region-back
load dax_hmem
moment hmem-again
load dax_cxl
moment dax_cxl-again
unload dax_cxl dax_hmem cxl_acpi cxl_pci cxl_mem
moment all-out
load cxl_acpi cxl_pci cxl_mem
await_endpoints {len(devices.split())}
load dax_hmem dax_cxl kmem
moment all-back
{make}
moment region-back-last
"""


# The memory devices' drivers go and come while everything else stays.
ENDPOINTS = """
load cxl_acpi cxl_pci cxl_mem dax_hmem dax_cxl
moment cxl-owned
unload cxl_pci
moment pci-out
load cxl_pci
moment pci-back
unload dax_cxl dax_hmem
moment dax-out
load dax_hmem
moment hmem-again
load dax_cxl
moment dax_cxl-again
unload cxl_pci cxl_mem
moment endpoints-out
load cxl_mem cxl_pci
moment endpoints-back
unload dax_cxl dax_hmem cxl_acpi
moment acpi-out
load cxl_acpi
moment acpi-back
load dax_hmem
moment hmem-last
load dax_cxl
moment dax_cxl-last
"""

# Devices that do not fill their dax region: one made smaller under dax_hmem, two in the place of one under dax_cxl.
SPLIT = """
hold
insert_alone dax_hmem
moment hmem-alone
note "region of dax_hmem: the device made smaller by hand"
shrink() { echo 0x10000000 > $(ls -d /sys/bus/dax/devices/dax*.0)/size; }
shrink
moment hmem-shrunk
release
load cxl_acpi cxl_pci cxl_mem
moment topology
load dax_cxl
moment dax_cxl-under-hmem
unload dax_cxl dax_hmem
moment dax-out
load dax_hmem
moment hmem-again
load dax_cxl
moment cxl-owned
note "region of dax_cxl: the device split by hand"
shrink
dax_region=$(ls -d /sys/bus/cxl/devices/dax_region*)/dax_region
echo 1 > $dax_region/create
echo 0x8000000 > $(ls -d /sys/bus/dax/devices/dax*.1)/size
moment split
load kmem
moment kmem
unload kmem
moment kmem-out
unload dax_cxl
moment dax_cxl-out
load dax_cxl
moment dax_cxl-again
"""

# The kernel puts new memory online by itself, and it is still online when its driver goes.
ONLINE = """
hold
echo online_movable > /sys/devices/system/memory/auto_online_blocks
insert_alone dax_hmem
moment hmem-alone
load kmem
moment kmem
unload dax_hmem
moment hmem-out
release
load cxl_acpi cxl_pci cxl_mem
moment topology
load dax_hmem
moment hmem-again
load dax_cxl
moment dax_cxl
unload dax_cxl dax_hmem
moment dax-out
"""

# A region gets the range of an hmem device, and the device gets it back.
THERE_AND_BACK = """
put $hmem /sys/bus/platform/drivers/hmem/unbind
moment hmem-unbound
put dax_$region /sys/bus/cxl/drivers_probe
moment cxl-owned
unload dax_cxl
put $hmem /sys/bus/platform/drivers/hmem/bind
moment hmem-bound
"""

# One range goes from dax_hmem to CXL and back: drivers are unbound and bound, and no module is removed but dax_cxl.
HAND_OVER = """
hold
insert_alone dax_hmem
moment hmem-alone
hmem=$(hmem_over 0x5d0000000)
release
load cxl_acpi cxl_pci cxl_mem dax_cxl
moment dax_cxl-under-hmem
region=$(region_over 0x5d0000000)
""" + THERE_AND_BACK + """
load dax_cxl
moment dax_cxl-under-hmem
put $hmem /sys/bus/platform/drivers/hmem/unbind
put dax_$region /sys/bus/cxl/drivers_probe
moment cxl-again
put $region /sys/bus/cxl/drivers/cxl_region/unbind
moment region-unbound
put $region /sys/bus/cxl/drivers/cxl_region/bind
moment region-bound
put $hmem /sys/bus/platform/drivers/hmem/bind
moment hmem-beside-cxl
"""

# The same where the first probe gave dax_hmem more than the region covers.
PARTLY_HANDED_OVER = """
load cxl_acpi cxl_pci cxl_mem dax_hmem dax_cxl
moment hmem-first
hmem=$(hmem_over 0x5d0000000)
region=$(region_over 0x5d0000000)
""" + THERE_AND_BACK

# dax_hmem's memory is in use when the region comes, which then gets no dax_region; and it is online when its driver goes.
HAND_OVER_ONLINE = """
hold
insert_alone dax_hmem
load kmem
moment kmem
hmem=$(hmem_over 0x5d0000000)
device=$(dax_device 0x5d0000000)
release
load cxl_acpi cxl_pci cxl_mem dax_cxl
moment region-over-memory
region=$(region_over 0x5d0000000)
put $device /sys/bus/dax/drivers/kmem/unbind
put $hmem /sys/bus/platform/drivers/hmem/unbind
moment hmem-unbound
put $region /sys/bus/cxl/drivers/cxl_region/unbind
moment region-unbound
put $region /sys/bus/cxl/drivers/cxl_region/bind
moment cxl-owned
unload dax_cxl
put $hmem /sys/bus/platform/drivers/hmem/bind
moment hmem-bound
x online 0x5d0000000 movable
moment online
put $hmem /sys/bus/platform/drivers/hmem/unbind
moment unbound-online
load dax_cxl
moment dax_cxl-over-leak
"""


@dataclass(frozen=True)
class Scenario:
    """A machine to record. What the machine needs to know of it is what it needs of a platform."""
    name: str
    topology: Topology
    soft_reserved: tuple
    regions: tuple = ()
    script: str = ROUND
    locked: bool = False
    # The ranges of the SRAT beside that of ordinary memory, with an HMAT.
    proximity: tuple = ()

    def command_line(self):
        """The parameters that make the ranges where no first kernel does."""
        if self.regions:
            return ""
        return f"{memory_map(self.soft_reserved)}{' acpi_no_memhotplug' if self.topology.plugged else ''}"


def at(start, size=DEVICE_SIZE):
    """The range of a size at an address."""
    return Range(start, start + size - 1)


THREE = Topology((1024, 512, 512), (Device(0), Device(0), Device(1), Device(2)))
ADJACENT = Topology((512, 512), (Device(0), Device(1)))
PAIR = Topology((4096,), (Device(), Device()))
MIXED = Topology((4096,), (Device(), Device(persistent=True)))
BARE = Topology((512, 512, 512), (Device(0), Device(1), Device(2)), bare=(1,))
SINGLE = Topology()
START = SINGLE.window(0)

SCENARIOS = {scenario.name: scenario for scenario in (
    # Regions in the first two windows, two in one of them, a range each; the third window has none.
    Scenario("three-windows", THREE,
             (at(START), at(START + DEVICE_SIZE), at(THREE.window(1)), at(THREE.window(2))),
             (Region("ram", DEVICE_SIZE, START, (1,)), Region("ram", DEVICE_SIZE, START, (2,)),
              Region("ram", DEVICE_SIZE, THREE.window(1), (3,)))),
    # One region over two devices, with the range exactly over it.
    Scenario("interleaved", PAIR, (at(START, 2 * DEVICE_SIZE),), (Region("ram", 2 * DEVICE_SIZE, START, (1, 2)),)),
    # One range over two windows, each with a region.
    Scenario("two-window-range", ADJACENT, (at(START, 2 * DEVICE_SIZE),),
             (Region("ram", DEVICE_SIZE, START, (1,)), Region("ram", DEVICE_SIZE, ADJACENT.window(1), (2,)))),
    # A range larger than its region, and one smaller.
    Scenario("partly-covered", SINGLE, (at(START, 2 * DEVICE_SIZE),), (Region("ram", DEVICE_SIZE),)),
    Scenario("small-range", SINGLE, (at(START, DEVICE_SIZE // 2),), (Region("ram", DEVICE_SIZE),)),
    # Persistent memory, which firmware does not reserve, beside a range with its region.
    Scenario("pmem", MIXED, (at(START),),
             (Region("ram", DEVICE_SIZE), Region("pmem", DEVICE_SIZE, START, (2,)))),
    # A region that somebody makes in a range that had none when the kernel came up.
    Scenario("by-hand", SINGLE, (at(START),), (), BY_HAND),
    Scenario("by-hand-late", SINGLE, (at(START),), (), LATE),
    # Three windows with a region each, the second of which the kernel can't assemble.
    Scenario("one-unassembled", BARE, tuple(at(BARE.window(number)) for number in range(3)),
             tuple(Region("ram", DEVICE_SIZE, BARE.window(number), (number + 1,)) for number in range(3))),
    # Ranges that no memory block fits: with a block's part too much, within two blocks, and aligned to nothing.
    Scenario("uneven", SINGLE,
             (at(START, 200 * MEBIBYTE), at(START + 576 * MEBIBYTE, 128 * MEBIBYTE),
              at(START + 1025 * MEBIBYTE, 255 * MEBIBYTE)), (), ROUND),
    Scenario("endpoints", SINGLE, (at(START),), (Region("ram", DEVICE_SIZE),), ENDPOINTS),
    Scenario("endpoints-locked", SINGLE, (at(START),), (Region("ram", DEVICE_SIZE),), ENDPOINTS, locked=True),
    Scenario("split", SINGLE, (at(START),), (Region("ram", DEVICE_SIZE),), SPLIT),
    Scenario("handed-over", SINGLE, (at(START),), (Region("ram", DEVICE_SIZE),), HAND_OVER),
    Scenario("handed-over-partly", SINGLE, (at(START, 2 * DEVICE_SIZE),), (Region("ram", DEVICE_SIZE),), PARTLY_HANDED_OVER),
    Scenario("handed-over-online", SINGLE, (at(START),), (Region("ram", DEVICE_SIZE),), HAND_OVER_ONLINE),
    # A region that goes with cxl_acpi and is made again through sysfs.
    Scenario("given-back", SINGLE, (at(START),), (Region("ram", DEVICE_SIZE),), given_back(DEVICE_SIZE, "1")),
    Scenario("given-back-interleaved", PAIR, (at(START, 2 * DEVICE_SIZE),), (Region("ram", 2 * DEVICE_SIZE, START, (1, 2)),),
             given_back(2 * DEVICE_SIZE, "1 2")),
    # With an HMAT: ranges of the SRAT, of which dax_hmem takes the whole.
    Scenario("hmat-split", SINGLE, (OUTSIDE,), (), ROUND, proximity=OUTSIDE_HALVES),
    Scenario("hmat-part", SINGLE, OUTSIDE_HALVES[:1], (), ROUND, proximity=(OUTSIDE,)),
    Scenario("hmat-larger", Topology(plugged=128), (PLUGGED_MEMORY,), (), ROUND, proximity=(PLUGGED_RANGE,)),
    Scenario("hmat-region", SINGLE, (at(START),), (Region("ram", DEVICE_SIZE),), ROUND, locked=True, proximity=(at(START),)),
    Scenario("hmat-window", SINGLE, (at(START),), (Region("ram", DEVICE_SIZE),), ROUND, locked=True, proximity=(WINDOW,)),
    Scenario("hmat-window-none", SINGLE, (at(START),), (), ROUND, proximity=(WINDOW,)),
    Scenario("online", SINGLE, (at(START),), (Region("ram", DEVICE_SIZE),), ONLINE),
)}
