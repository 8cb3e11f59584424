"""Machines that something is wrong with: status names what it is and nothing else, and the fix it shows makes it go."""
from dataclasses import dataclass, field

from daxlab.case import BOTH, Case
from daxlab.checks import check, document, ended
from daxlab.machine import OFFLINE
from daxlab.platforms import INSIDE

# A fix that ends with the next boot, for which the lab boots the machine again, without the files of this one.
REBOOT = "reboot"
# Nothing that can be typed: only the firmware can mend it, or somebody has to decide.
NOTHING = ""
GRAVE = ("crash", "loss", "failure")


@dataclass(frozen=True)
class Faulty:
    """A machine with a fault: how it arises, what status finds there, and what mends it."""
    name: str
    platform: str
    # Commands that cause the fault.
    make: str
    # What status finds there, the most severe first, on each kernel.
    finds: dict
    # The finding whose fix is followed: that of the first one unless named.
    mends: str = ""
    # What is typed: each line has to be in the fix as it stands. For REBOOT the machine boots again.
    typed: dict | str = REBOOT
    # What status finds afterwards.
    leaves: dict = field(default_factory=dict)
    parameters: str = OFFLINE
    # The kernel's command line of the second boot.
    then_parameters: str = OFFLINE

    def cases(self):
        """One for each kernel, since the fixes differ."""
        return [self.case(kernel) for kernel in BOTH if kernel in self.finds]

    def fix(self, kernel):
        return self.typed if isinstance(self.typed, str) else self.typed[kernel]

    def case(self, kernel):
        """As a case of the lab."""
        fix = self.fix(kernel)
        look = "settle\ncap {0}\nt status --json\nt status --check\n"
        if fix == NOTHING:
            script, later = self.make + look.format("found"), ()
        elif fix.endswith(REBOOT):
            script, later = self.make + look.format("found"), ("start_udev\n" + look.format("mended"),)
        else:
            # Nobody is there to answer the question whether to go on.
            typed = "".join(f"run typed {answered(line)}\n" for line in fix.splitlines())
            script, later = self.make + look.format("found") + typed + look.format("mended"), ()
        return Case(f"findings-{self.name}", self.platform, script, self.judge, kernels=(kernel,), group="findings",
                    parameters=self.parameters, later_boots=later, later_parameters=self.then_parameters)

    def judge(self, results, kernel):
        """Exactly these findings, then the fix as it was shown, then none of them."""
        found = document(results.command("status", 1), "status")["findings"]
        same(found, self.finds[kernel], results.command("status", 1))
        asked = results.command("status", 2)
        ended(asked, 4 if any(finding["severity"] in GRAVE for finding in found) else 0)

        if self.fix(kernel) == NOTHING:
            return
        mended = next(finding for finding in found if finding["id"] == (self.mends or found[0]["id"]))
        for line in self.fix(kernel).splitlines():
            check(line in mended["fix"], f"{mended['id']}: the fix does not say {line!r}: {mended['fix']!r}")
        if not self.fix(kernel).endswith(REBOOT):
            for number in range(1, len(self.fix(kernel).splitlines()) + 1):
                ended(results.command("typed", number), 0)
        last = results.command("status", 3)
        same(document(last, "status")["findings"], self.leaves.get(kernel, ()), last)


def answered(line):
    """A line of a fix as the guest's shell runs it; the tool is told yes."""
    words = line.replace("'", "'\\''")
    yes = " --yes" if line.startswith(("daxswitch apply", "daxswitch recover")) else ""
    return f"sh -c '{words}{yes}'"


def same(found, wanted, command):
    """Exactly these findings, in this order."""
    ids = [finding["id"] for finding in found]
    texts = "; ".join(f"{finding['id']}: {finding['what']}" for finding in found)
    check(ids == list(wanted), f"{command}: found {ids}, not {list(wanted)}: {texts}")


# Alone: the kernel asks for cxl_acpi when dax_hmem starts.
HMEM_ALONE = "insert_unaided dax_hmem\nsettle\n"
# What libkmod follows for a module with soft dependencies, as modules.softdep gives cxl_acpi.
LINES = "/etc/modprobe.d/00-site.conf"
KEPT_OUT = f"""
mkdir -p /etc/modprobe.d
echo softdep cxl_acpi pre: > {LINES}
echo install cxl_acpi /bin/false >> {LINES}
start_udev
"""
CUT_OFF = """
start_udev
run killed /usr/bin/killer /run/daxswitch/journal 4 0 daxswitch apply hmem --yes --json
"""

UNBOUND = f"""
start_udev
echo hmem.1 > /sys/bus/platform/drivers/hmem/unbind
run region sh -c '. /lab/regions.sh; fail() {{ echo "$*"; exit 1; }}; commit_region ram {INSIDE.size:#x} {INSIDE.start:#x} 1'
"""

MACHINES = (
    # dax_hmem took the range before CXL was there.
    Faulty("double-claim", "locked", HMEM_ALONE + "/sbin/modprobe -a cxl_acpi cxl_pci cxl_mem dax_cxl\n",
           {"6.12": ["double-claim"], "coordinated": ["driver-refused", "hmem-over-region"]},
           typed="daxswitch apply cxl"),
    # Removing cxl_acpi resets decoders without a lock; dax_hmem takes what nothing answers for.
    Faulty("undecoded", "unlocked", """
start_udev
/sbin/rmmod dax_cxl
/sbin/rmmod dax_hmem
/sbin/rmmod cxl_acpi
""" + HMEM_ALONE + "/sbin/modprobe -a cxl_acpi cxl_pci cxl_mem\n", dict.fromkeys(BOTH, ["undecoded"])),
    # The region can't be assembled, and dax_hmem leaves it alone: on 6.12 always, from 7.1 on from its second probe on.
    Faulty("unassembled", "unassembled", """
start_udev
/sbin/rmmod dax_cxl
/sbin/rmmod dax_hmem
/sbin/modprobe dax_hmem
""", dict.fromkeys(BOTH, ["region-not-assembled", "no-owner"]), mends="no-owner", typed="daxswitch apply hmem",
           leaves=dict.fromkeys(BOTH, ["held"])),
    Faulty("no-owner", "locked", "start_udev\n/sbin/rmmod dax_cxl\n",
           dict.fromkeys(BOTH, ["no-owner"]), typed="daxswitch apply cxl"),
    # Memory that is online when its device goes can't be removed.
    Faulty("leaked", "locked", f"start_udev\nonline {INSIDE.start:#x} movable\n/sbin/rmmod dax_cxl\n",
           dict.fromkeys(BOTH, ["leaked"])),
    Faulty("auto-online", "locked", "start_udev\n", dict.fromkeys(BOTH, ["auto-online"]),
           parameters="memhp_default_state=online"),
    Faulty("held", "locked", KEPT_OUT, dict.fromkeys(BOTH, ["held"]),
           typed=f"remove line 2 of {LINES}, then reboot"),
    Faulty("barred", "locked", "start_udev\n", dict.fromkeys(BOTH, ["held"]),
           parameters=f"{OFFLINE} module_blacklist=cxl_acpi"),
    Faulty("half-done", "locked", CUT_OFF, {"coordinated": ["no-owner", "half-done"]}, mends="half-done",
           typed="daxswitch recover", leaves={"coordinated": ["held"]}),
    Faulty("half-done-unassembled", "unassembled", CUT_OFF, {"6.12": ["region-not-assembled", "no-owner", "half-done"]}, mends="half-done", typed="daxswitch recover",
           leaves={"6.12": ["held"]}),
    # The region covers half of what is Soft Reserved.
    Faulty("partial", "partial", "start_udev\n",
           {"6.12": ["no-owner"], "coordinated": ["undecoded", "unbindable", "driver-refused", "driver-refused"]},
           mends="unbindable", typed={"6.12": NOTHING, "coordinated": "daxswitch apply cxl"},
           leaves={"coordinated": ["no-owner"]}),
    # A window without a region. Before 7.1 the kernel puts none where the firmware's range is.
    Faulty("unclaimed", "none", "start_udev\n", {"6.12": ["no-owner"], "coordinated": ["undecoded"]}, typed=NOTHING),
    # A region by hand whose driver was not told, as `cxl create-region` tells it.
    Faulty("unbound", "none", UNBOUND, {"coordinated": ["region-not-assembled", "no-owner"]},
           typed="daxswitch apply cxl"),
)
CASES = [case for machine in MACHINES for case in machine.cases()]
