"""cxl_acpi in the kernel image: persist has the boot loader give the kernel a parameter, and the kernel that gets it has no driver."""
from daxlab.case import BUILTIN, Case
from daxlab.cases.persist import next_boot
from daxlab.checks import check, cxl_stays_out, document, ended, owned, pattern_intact, refused, status_agrees
from daxlab.machine import OFFLINE
from daxlab.platforms import INSIDE

PARAMETER = "initcall_blacklist=cxl_acpi_init"
ENTRIES = "/boot/grub/grub.cfg"

# What Debian's program of that name does with the files that it reads.
BOOT_LOADER = f"""
mkdir -p /boot/grub /etc/default/grub.d
cat > /usr/sbin/update-grub << 'END'
#!/bin/sh
GRUB_CMDLINE_LINUX=quiet
for file in /etc/default/grub.d/*.cfg; do [ ! -e $file ] || . $file; done
echo "linux /boot/vmlinuz $GRUB_CMDLINE_LINUX" > {ENTRIES}
END
chmod +x /usr/sbin/update-grub
/usr/sbin/update-grub
"""
FIRST = f"""{BOOT_LOADER}
start_udev
cap first-boot
persist hmem
t status --json
persist hmem --update-boot-loader
persist hmem --update-boot-loader
t status --json
run entries-after-hmem grep -c {PARAMETER} {ENTRIES}
hand_over
"""
SECOND = f"""{BOOT_LOADER}
start_udev
cap second-boot
t status --json
t verify hmem --json
t apply hmem --yes --json
pattern write {INSIDE.start:#x}
pattern check {INSIDE.start:#x}
t plan cxl --json
persist cxl --update-boot-loader
t status --json
run entries-after-cxl grep -c {PARAMETER} {ENTRIES}
"""


def judge(results, kernel):
    """The parameter is in the entries when it was asked for; the kernel that has it leaves the decoders alone."""
    owned(results.capture("first-boot"), {INSIDE: "cxl"})
    told = [document(results.command("persist-hmem", number), "persist") for number in (1, 2, 3)]
    check([one["changed"] for one in told] == [True, True, False], "persist hmem: what is changed")
    check([one["boot_loader"]["pending_entries"] for one in told] == [[ENTRIES], [], []], "persist hmem: pending entries")
    check(told[1]["boot_loader"]["parameter"] == PARAMETER, f"persist hmem: {told[1]['boot_loader']}")
    for number, pending in ((1, [ENTRIES]), (2, [])):
        next_boot(results.command("status", number), "hmem", True)
        entries = document(results.command("status", number), "status")["next_boot"]["pending_entries"]
        check(entries == pending, f"status {number}: pending_entries is {entries}")
    ended(results.command("entries-after-hmem"), 0)

    capture = results.capture("second-boot")
    owned(capture, {INSIDE: "hmem"})
    cxl_stays_out(capture)
    status_agrees(results.command("status", 3), capture, [INSIDE])
    next_boot(results.command("status", 3), "hmem", False)
    for command in ("verify-hmem", "apply-hmem"):
        ended(results.command(command), 0)
    pattern_intact(results.command("pattern-check"))
    refused(results.command("plan-cxl"), "builtin")
    ended(results.command("persist-cxl"), 0)
    next_boot(results.command("status", 4), "cxl", None)
    ended(results.command("entries-after-cxl"), 1)


# The kernel alone: what the parameter does.
COMMAND_LINE = f"""
start_udev
cap booted
run bind sh -c 'echo ACPI0017:00 > /sys/bus/platform/drivers/cxl_acpi/bind'
pattern write {INSIDE.start:#x}
pattern check {INSIDE.start:#x}
"""


def judge_command_line(results, kernel):
    """There is no driver that the device could be bound to, and the memory of the unlocked region answers under dax_hmem."""
    owned(results.capture("booted"), {INSIDE: "hmem"})
    cxl_stays_out(results.capture("booted"))
    check(results.command("bind").code != 0, "ACPI0017:00 could be bound")
    pattern_intact(results.command("pattern-check"))


CASES = [
    Case("persist-command-line-builtin", "unlocked", COMMAND_LINE, judge_command_line, shapes=BUILTIN, needs_tool=False,
         parameters=f"{OFFLINE} {PARAMETER}", group="persist"),
    Case("persist-hmem-builtin", "unlocked", FIRST, judge, shapes=BUILTIN, later_boots=(SECOND,),
         later_parameters=f"{OFFLINE} {PARAMETER}", group="persist"),
]
