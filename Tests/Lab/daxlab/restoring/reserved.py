"""Another program's bytes lie behind those that a killed run has taken: recover stops and names them, and goes on without them."""
from daxlab.case import BOTH, Case
from daxlab.checks import check, ended, untouched
from daxlab.platforms import DEVICE_SIZE, FIRST_WINDOW
from daxlab.restoring.layout import contents, whole_as
from daxlab.restoring.reloads import SHELL

# Half of a device: the other half is reserved. On the coordinated kernel dax_hmem has the whole range at first, of which no decoder maps
# the second half: it can't be written to before CXL owns the region.
SIZE = DEVICE_SIZE // 2
SCRIPT = f"""{SHELL}with_cxl 1
bound_region ram {SIZE:#x} {FIRST_WINDOW:#x} 1
start_udev
t apply cxl --yes --json
patterns write
cap before
lose
load
/usr/bin/cutter any-write '*/endpoint*/dpa_size' 1 daxswitch apply cxl --yes --json
ours=$(endpoint_decoder 1)
theirs=${{ours%.0}}.1
run reserve cxl reserve-dpa -t ram -s {SIZE} -d $theirs mem0
cap reserved
t recover --yes --json
run undo daxswitch recover --undo --yes --json
cap refused
run kernel sh -c "echo 0 > $devices/$ours/dpa_size"
run free cxl free-dpa -d $theirs mem0
run again daxswitch recover --yes --json
settle
cap after
patterns check
"""


def judge(results, kernel):
    """Nothing is changed while they are there; the command that is named frees them, and the region comes back."""
    ended(results.command("reserve"), 0)
    # The kernel's own word (drivers/cxl/core/hdm.c: cxl_dpa_free()).
    command = results.command("kernel")
    check(command.code != 0 and "busy" in command.stderr, f"{command}: the kernel freed bytes below others: {command.stderr!r}")
    for command in (results.command("recover"), results.command("undo")):
        ended(command, 5)
        check("cxl free-dpa -d decoder" in command.stdout, f"{command}: the way on is not named: {command.stdout[-400:]!r}")
    untouched(results.capture("reserved"), results.capture("refused"))
    ended(results.command("free"), 0)
    ended(results.command("again"), 0)
    whole_as(results.capture("before"), results.capture("after"))
    return contents(results)


CASES = [Case("restore-reserved", "none", SCRIPT, judge, kernels=BOTH, group="restore")]
