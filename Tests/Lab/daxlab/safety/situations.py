"""The dangerous situations: how each arises, what an administrator would type, and what daxswitch is asked."""
from dataclasses import dataclass

from daxlab.case import BOTH
from daxlab.platforms import INSIDE, SECOND

# What follows from the maintainers' rule that dax_hmem owns everything while cxl_acpi is not loaded.
TO_HMEM = """
run rmmod-dax_cxl /sbin/rmmod dax_cxl
run rmmod-dax_hmem /sbin/rmmod dax_hmem
run rmmod-cxl_acpi /sbin/rmmod cxl_acpi
run modprobe-dax_hmem /sbin/modprobe dax_hmem
"""
AGAIN = """
run rmmod-dax_hmem /sbin/rmmod dax_hmem
run modprobe-dax_hmem /sbin/modprobe dax_hmem
"""
OFFLINE_FIRST = f"""
for block in $(blocks {INSIDE.start:#x} {INSIDE.size:#x}); do
    # Nobody waits for ever: the kernel tries until it is interrupted.
    timeout -s INT 20 sh -c "echo offline > $block/state"
done
""" + TO_HMEM
APPLY = "t apply hmem --yes --json\n"
APPLY_OFFLINE = "t apply hmem --yes --json --offline-memory\n"
# Between the plan and its steps somebody else is at work; what they did is neither's doing.
SAVED = "t plan hmem --json --out /run/hmem.plan\n{}\ncap since\nt apply /run/hmem.plan --yes --json\n"
ACPI_REMOVED = "run rmmod-by-another /sbin/rmmod cxl_acpi"
ONLINED = f"online {INSIDE.start:#x} movable"

# A device without labels has no room for a namespace.
PMEM = """
ndctl disable-region all 2>&1
ndctl init-labels --force all 2>&1
ndctl enable-region all 2>&1
ndctl create-namespace --mode=raw --force 2>&1
for attempt in $(seq 50); do
    disk=$(ls /dev/pmem* 2>/dev/null) && break
    sleep 0.1
done
/sbin/mke2fs -q $disk && /sbin/modprobe ext4 && mkdir /pmem && mount -t ext4 $disk /pmem || unprepared "no mount"
dd if=/dev/urandom of=/pmem/file bs=1M count=16 2>&1 && sync && md5sum /pmem/file > /run/sums
"""


@dataclass(frozen=True)
class Situation:
    """One dangerous situation. `recipe` is what would be typed, `tool` what daxswitch is asked instead."""
    name: str
    words: str
    platform: str
    prepare: str = ""
    recipe: str = TO_HMEM
    tool: str = APPLY
    kernels: tuple = BOTH

    def script(self, action):
        """The guest's script with one of the two."""
        return f". /lab/safety.sh\nstart_udev\n{self.prepare}\ncap before\n{action}\naftermath\n"


SITUATIONS = (
    Situation("memory-normal", "memory online in zone Normal, with a process in it", "locked",
              f"online {INSIDE.start:#x} kernel\nkeep 16 {INSIDE.start:#x}"),
    Situation("memory-movable", "memory online in zone Movable, with a process in it", "locked",
              f"online {INSIDE.start:#x} movable\nkeep 16 {INSIDE.start:#x}"),
    Situation("memory-idle", "memory online in zone Movable, nobody in it", "unlocked", f"online {INSIDE.start:#x} movable"),
    Situation("region-unlocked", "a committed region whose decoders are not locked", "unlocked", "keep 64"),
    Situation("no-region", "a range in a window, and no region", "none", "keep 64", AGAIN,
              "t apply reload --yes --json\n"),
    Situation("region-failed", "a region that the kernel can't assemble", "unassembled", "keep 64"),
    Situation("device-open", "a process has the dax device open", "locked",
              f"as_devdax {INSIDE.start:#x}\nhold open /dev/$(dax_device {INSIDE.start:#x})"),
    Situation("device-mapped", "a process has the dax device mapped", "locked",
              f"as_devdax {INSIDE.start:#x}\nhold map /dev/$(dax_device {INSIDE.start:#x})"),
    Situation("two-regions", "two regions, the memory of one online with a process in it", "two-locked",
              f"online {SECOND.start:#x} movable\nkeep 16 {SECOND.start:#x}"),
    Situation("pmem-mounted", "a file system mounted on persistent memory of the same window", "pmem", PMEM,
              # Before 7.1 the kernel dies of this machine at boot (docs/kernel-facts.md).
              kernels=("coordinated",)),
    Situation("acpi-gone", "cxl_acpi is removed by somebody else after the plan", "locked", "keep 64",
              f"{ACPI_REMOVED}\ncap since\n{TO_HMEM}", SAVED.format(ACPI_REMOVED)),
    Situation("onlined-since", "the memory comes online after the plan", "locked", "keep 64",
              f"{ONLINED}\ncap since\n{TO_HMEM}", SAVED.format(ONLINED)),
    Situation("wont-offline", "memory with pages that can't be moved away", "locked",
              f"online {INSIDE.start:#x} movable\nhold_pinned {INSIDE.start:#x}", OFFLINE_FIRST, APPLY_OFFLINE),
    Situation("low-memory", "memory that the rest of the host has no room for", "locked",
              f"online {INSIDE.start:#x} movable\nkeep_both 96 {INSIDE.start:#x} 64", OFFLINE_FIRST, APPLY_OFFLINE),
)
