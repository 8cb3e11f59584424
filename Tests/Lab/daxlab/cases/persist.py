"""What persist wrote in one boot decides the next, against coldplug, soft dependencies and request_module."""
from daxlab.case import Case
from daxlab.checks import check, cxl_stays_out, document, ended, owned, pattern_intact, refused, status_agrees
from daxlab.machine import OFFLINE
from daxlab.platforms import INSIDE

DROP_IN = "/etc/modprobe.d/01-daxswitch.conf"

# A region that can't be had live: hmem by persist and a reboot, cxl again by --clear and a reboot.
HMEM = """
start_udev
cap first-boot
persist hmem
persist hmem
t status --json
hand_over
"""
HMEM_HOLDS = f"""
start_udev
cap second-boot
t status --json
run modprobe-cxl_acpi /sbin/modprobe cxl_acpi
/sbin/rmmod dax_hmem
/sbin/modprobe dax_hmem
coldplug
cap second-boot-reloaded
t verify hmem --json
pattern write {INSIDE.start:#x}
pattern check {INSIDE.start:#x}
t apply hmem --yes --json
t apply cxl --yes --json --accept nondeterministic --accept orphaned-range --accept unbindable
settle
cap let-in
pattern check {INSIDE.start:#x}
t status --json
persist --clear
hand_over
"""
CLEARED = """
start_udev
cap third-boot
t status --json
"""


def judge_hmem(results, kernel):
    """Decoders are never touched while hmem is persisted; a release lets cxl_acpi in live, --clear for good."""
    owned(results.capture("first-boot"), {INSIDE: "cxl"})
    told = [document(results.command("persist-hmem", number), "persist") for number in (1, 2)]
    changed = [one["changed"] for one in told]
    check(changed == [True, False], f"persist twice: changed is {changed}")
    check([file["path"] for file in told[0]["files"]] == [DROP_IN], f"persist wrote {told[0]['files']}")
    next_boot(results.command("status", 1), "hmem", True)

    for name in ("second-boot", "second-boot-reloaded"):
        capture = results.capture(name)
        owned(capture, {INSIDE: "hmem"})
        cxl_stays_out(capture)
        check("cxl_acpi" not in capture.modules(), f"capture {name}: cxl_acpi is loaded")
    status_agrees(results.command("status", 2), results.capture("second-boot"), [INSIDE])
    next_boot(results.command("status", 2), "hmem", False)
    ended(results.command("verify-hmem"), 0)
    pattern_intact(results.command("pattern-write"))
    pattern_intact(results.command("pattern-check", 1))
    ended(results.command("apply-hmem"), 0)

    ended(results.command("apply-cxl"), 0)
    owned(results.capture("let-in"), {INSIDE: "cxl"})
    pattern_intact(results.command("pattern-check", 2))
    next_boot(results.command("status", 3), "hmem", True)
    cleared = document(results.command("persist-clear"), "persist")
    check(cleared["changed"] is True and [file["action"] for file in cleared["files"]] == ["remove"],
          f"persist --clear: {cleared['files']}")
    owned(results.capture("third-boot"), {INSIDE: "cxl"})
    next_boot(results.command("status", 4), None, None)


# dax_hmem is asked for before anything else, as an initramfs with it could do.
CXL = """
start_udev
persist cxl
hand_over
"""
CXL_HOLDS = """
/sbin/modprobe dax_hmem
start_udev
cap second-boot
t status --json
"""


def judge_cxl(results, kernel):
    """The CXL modules come before dax_hmem, whoever asks for it."""
    ended(results.command("persist-cxl"), 0)
    owned(results.capture("second-boot"), {INSIDE: "cxl"})
    next_boot(results.command("status"), "cxl", False)


UNDECODED = """
start_udev
persist hmem
"""


def judge_undecoded(results, kernel):
    """What would crash at every boot is refused."""
    refused(results.command("persist-hmem"), "undecoded-range")


# What a system is told whose /etc does not last.
COMMAND_LINE = f"""
start_udev
cap booted
/sbin/modprobe cxl_acpi
coldplug
cap reloaded
pattern write {INSIDE.start:#x}
pattern check {INSIDE.start:#x}
"""


def judge_command_line(results, kernel):
    """The kernel itself refuses the module."""
    for name in ("booted", "reloaded"):
        owned(results.capture(name), {INSIDE: "hmem"})
        cxl_stays_out(results.capture(name))
    pattern_intact(results.command("pattern-check"))


def next_boot(command, persisted, differs):
    """What status says of the next boot."""
    ended(command, 0)
    told = document(command, "status")["next_boot"]
    check((told["persisted"], told["differs"]) == (persisted, differs), f"{command}: next_boot is {told}")


CASES = [
    Case("persist-hmem-unlocked", "unlocked", HMEM, judge_hmem, later_boots=(HMEM_HOLDS, CLEARED), group="persist"),
    Case("persist-hmem-locked", "locked", HMEM, judge_hmem, later_boots=(HMEM_HOLDS, CLEARED), group="persist"),
    Case("persist-cxl", "unlocked", CXL, judge_cxl, later_boots=(CXL_HOLDS,), group="persist"),
    Case("persist-undecoded", "none", UNDECODED, judge_undecoded, group="persist"),
    Case("persist-command-line", "unlocked", COMMAND_LINE, judge_command_line,
         parameters=f"{OFFLINE} module_blacklist=cxl_acpi", group="persist"),
]
