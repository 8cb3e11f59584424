"""Decoders that another kernel, or a sleep, may have reset: what this kernel's log shows proves nothing about them."""
from daxlab.case import Case
from daxlab.checks import check, ended, owned, pattern_intact, refused, status_agrees, untouched
from daxlab.platforms import GETS_REGION, INSIDE

ASKED = """
cap restarted
t status --json
t plan hmem --json
t apply hmem --yes --json
cap refused
"""
# What the refusal names.
SEEN = """
/sbin/modprobe -a cxl_acpi cxl_pci cxl_mem
settle
cap seen
"""
REMOVED = """
run rmmod-dax_cxl /sbin/rmmod dax_cxl
run rmmod-dax_hmem /sbin/rmmod dax_hmem
run rmmod-cxl_acpi /sbin/rmmod cxl_acpi
settle
"""

# The first kernel resets the decoders of an unlocked region by removing cxl_acpi; the next one shows nothing of it.
RESET = f"""
if ! is_restarted; then
    start_udev
    cap booted
    {REMOVED}
    cap reset
    restart
fi
{ASKED}
{SEEN}
t plan hmem --json
start_udev
cap coldplugged
t status --json
"""

# The first kernel resets nothing: no driver of the region was bound.
KEPT = f"""
if ! is_restarted; then
    insert dax_hmem
    pattern write {INSIDE.start:#x}
    /sbin/rmmod dax_hmem
    cap booted
    restart
fi
{ASKED}
{SEEN}
t apply hmem --yes --json
settle
cap after
pattern check {INSIDE.start:#x}
"""


def started_by_kexec(results):
    """The kernel is another one, which kexec started, and its log is whole: it goes back to the first line."""
    capture = results.capture("restarted")
    loader = capture.read("proc/sys/kernel/bootloader_type")
    check(int(loader) >> 4 == 0xd, f"bootloader_type is {loader}: the kernel was not started by kexec")
    check(capture.read("dmesg").splitlines()[0].startswith("[    0.000000] Linux version "), "the log is not whole")
    before, after = (results.capture(name).read("proc/sys/kernel/random/boot_id") for name in ("booted", "restarted"))
    check(before != after, "the boot id is the same")
    ranges = [capture.read(f"sys/firmware/memmap/{path.name}/type")
              for path in (capture.path / "sys/firmware/memmap").iterdir()]
    check("Soft Reserved" in ranges, "kexec did not pass the Soft Reserved range on")


def judge_unproven(results):
    """While decoders are out of sight dax_hmem is not let at the range, and kexec is named as the reason."""
    started_by_kexec(results)
    owned(results.capture("restarted"), {INSIDE: "none"})
    refused(results.command("plan-hmem", 1), "undecoded-range", "kexec", "modprobe -a cxl_acpi cxl_pci cxl_mem")
    refused(results.command("apply-hmem", 1), "undecoded-range", "kexec")
    untouched(results.capture("restarted"), results.capture("refused"))


def judge_reset(results, kernel):
    """Once the decoders are seen it is refused for certain."""
    owned(results.capture("booted"), {INSIDE: "cxl"})
    judge_unproven(results)
    left = results.capture("seen").programmed_decoders()
    check(not left, f"decoders are programmed: {left}")
    check(not results.capture("seen").regions(), "a region came back")
    refused(results.command("plan-hmem", 2), "undecoded-range", GETS_REGION[kernel])
    # A coordinated kernel gives dax_hmem what no region covers, whatever became of the decoders.
    owned(results.capture("coldplugged"), {INSIDE: "hmem" if kernel == "coordinated" else "none"})
    status_agrees(results.command("status", 2), results.capture("coldplugged"), [INSIDE])


def judge_kept(results, kernel):
    """Once the decoders are seen they prove themselves, and dax_hmem gets the range with its contents."""
    pattern_intact(results.command("pattern-write"))
    judge_unproven(results)
    ended(results.command("apply-hmem", 2), 0)
    owned(results.capture("after"), {INSIDE: "hmem"})
    pattern_intact(results.command("pattern-check"))


# cxl_mem keeps a host from deeper sleep; to idle it may go. Nothing in the guest would wake it from there.
IDLE = """
cap booted
t plan hmem --json
run freeze almost_sleep freeze
cap restarted
t plan hmem --json
t apply hmem --yes --json
cap refused
"""


def slept(results, command, entry):
    """Before the sleep the log proves it, afterwards nothing does."""
    ended(results.command(command), 0)
    check(entry in results.kernel_log(), f"the kernel log lacks {entry!r}: the machine did not sleep")
    ended(results.command("plan-hmem", 1), 0)
    refused(results.command("plan-hmem", 2), "undecoded-range", "slept")
    refused(results.command("apply-hmem"), "undecoded-range", "slept")
    untouched(results.capture("restarted"), results.capture("refused"))


def judge_idle(results, kernel):
    """The log tells of idle sleep."""
    slept(results, "freeze", "PM: suspend entry (s2idle)")


# dax_hmem has it, and daxswitch remembers the decoders. Without memory devices in its hands the kernel sleeps deeply.
DEEP = f"""
start_udev
pattern write {INSIDE.start:#x}
cap booted
run mem-refused sleep_deeply
t apply hmem --yes --json
cap hmem
run mem sleep_deeply
cap restarted
t verify hmem --json
/sbin/rmmod dax_hmem
cap removed
t plan hmem --json
t apply hmem --yes --json
cap refused
"""


def judge_deep(results, kernel):
    """What was remembered before the sleep proves nothing after it."""
    check(results.command("mem-refused").code, "the kernel slept deeply with memory devices in its hands")
    ended(results.command("apply-hmem", 1), 0)
    owned(results.capture("hmem"), {INSIDE: "hmem"})
    ended(results.command("mem"), 0)
    check("PM: suspend entry (deep)" in results.kernel_log(), "the machine did not sleep")
    owned(results.capture("restarted"), {INSIDE: "hmem"})
    refused(results.command("plan-hmem"), "undecoded-range", "slept")
    refused(results.command("apply-hmem", 2), "undecoded-range", "slept")
    untouched(results.capture("removed"), results.capture("refused"))


# All of hibernation but the writing of the image, and the boot that reads it.
HIBERNATED = """
cap booted
t plan hmem --json
run hibernate almost_sleep disk
cap restarted
t plan hmem --json
t apply hmem --yes --json
cap refused
"""


def judge_hibernated(results, kernel):
    """No counter of sysfs tells of hibernation, but the log does."""
    slept(results, "hibernate", "PM: hibernation: hibernation entry")


CASES = [
    Case("history-kexec-reset", "unlocked", RESET, judge_reset, restarts=True, group="history"),
    Case("history-kexec-kept", "unassembled", KEPT, judge_kept, restarts=True, group="history"),
    Case("history-idle", "unlocked", IDLE, judge_idle, group="history"),
    Case("history-deep", "locked", DEEP, judge_deep, kernels=("coordinated",), group="history"),
    Case("history-hibernated", "unlocked", HIBERNATED, judge_hibernated, group="history"),
]
