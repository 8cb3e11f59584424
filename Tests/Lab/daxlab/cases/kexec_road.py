"""An unlocked region goes to dax_hmem and back without a boot of the firmware: persist, and kexec, which keeps decoders."""
from daxlab.case import Case
from daxlab.checks import check, cxl_stays_out, ended, owned, pattern_intact, status_agrees
from daxlab.platforms import INSIDE

SCRIPT = f"""
start_udev
cap kernel
t status --json
case $(kernel_number) in
    1)
        pattern write {INSIDE.start:#x}
        persist hmem
        restart
        ;;
    2)
        t verify hmem --json
        pattern check {INSIDE.start:#x}
        persist cxl
        restart
        ;;
    3)
        t verify cxl --json
        pattern check {INSIDE.start:#x}
        ;;
esac
"""


def judge(results, kernel):
    """Each kernel has the owner that was persisted before it, with the memory as it was."""
    for number, owner in enumerate(("cxl", "hmem", "cxl"), 1):
        capture = results.capture("kernel", number)
        owned(capture, {INSIDE: owner})
        status_agrees(results.command("status", number), capture, [INSIDE])
        loader = int(capture.read("proc/sys/kernel/bootloader_type")) >> 4
        check((loader == 0xd) == (number > 1), f"capture {capture}: bootloader_type says {loader:#x}")
    ids = {results.capture("kernel", number).read("proc/sys/kernel/random/boot_id") for number in (1, 2, 3)}
    check(len(ids) == 3, "the kernels are not three")
    cxl_stays_out(results.capture("kernel", 2))
    check(results.capture("kernel", 3).regions() == results.capture("kernel", 1).regions(), "the region is another one")
    pattern_intact(results.command("pattern-write"))
    for owner in ("hmem", "cxl"):
        ended(results.command(f"persist-{owner}"), 0)
        ended(results.command(f"verify-{owner}"), 0)
    pattern_intact(results.command("pattern-check", 1))
    pattern_intact(results.command("pattern-check", 2))


CASES = [Case("kexec-there-and-back", "unlocked", SCRIPT, judge, restarts=True, group="persist")]
