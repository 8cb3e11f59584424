"""A persistent region needs cxl_pmem before it is assembled: else the kernel dies when cxl_pmem comes, on 6.12."""
from daxlab.case import BOTH, Case
from daxlab.checks import check, document, ended, owned, refused, untouched
from daxlab.platforms import INSIDE

# udev would kill this kernel; without it the region stands, and only a load of cxl_pmem is deadly.
STANDING = """
for module in cxl_acpi cxl_pci cxl_mem dax_hmem dax_cxl; do /sbin/modprobe $module; done
settle
mkdir -p /etc/daxswitch/policies
printf '%s\\n' 'summary = "deadly"' 'order = ["load:cxl_pmem"]' '[want]' '[consent]' > /etc/daxswitch/policies/deadly.toml
cap before
t status --json
t apply deadly --yes --json
t predict load:cxl_pmem --json
t apply cxl --yes --json
cap after
"""


def judge_standing(results, kernel):
    """What stands is shown, what would be deadly is refused, and what is not goes on."""
    before = results.capture("before")
    owned(before, {INSIDE: "cxl"})
    status = results.command("status")
    ended(status, 0)
    hazards = document(status, "status")["hazards"]
    pmem = [path.parent.name for path in before.path.glob("sys/devices/platform/ACPI0017:00/root*/decoder*/region*/pmem_region*")]
    check(len(pmem) == 1, f"there are {len(pmem)} persistent regions, not one")
    check([(hazard["id"], hazard["subject"]) for hazard in hazards] == [("pmem-without-bridge", pmem[0])],
          f"status shows {hazards}")
    refused(results.command("apply-deadly"), "pmem-without-bridge", "reboot")
    predicted = document(results.command("predict-load:cxl_pmem"), "predict")
    check([hazard["id"] for hazard in predicted["hazards"]] == ["pmem-without-bridge"],
          f"predict lists {predicted['hazards']}")
    ended(results.command("apply-cxl"), 0)
    untouched(before, results.capture("after"))


# The first boot has no udev, of which 6.12 would die; the second keeps cxl_acpi out and lets it in live; the third is
# as persist cxl has it, with dax_hmem first, as an initramfs could.
KEEP_OUT = """
persist hmem
hand_over
"""
LET_IN = """
start_udev
cap held
t predict release load:cxl_acpi load:dax_cxl --json
t apply cxl --yes --json --accept nondeterministic --accept orphaned-range --accept unbindable
cap refused
run modprobe-cxl_pmem /sbin/modprobe cxl_pmem
t apply cxl --yes --json --accept nondeterministic --accept orphaned-range --accept unbindable
settle
coldplug
cap let-in
t status --json
persist cxl
hand_over
"""
FROM_BOOT = """
/sbin/modprobe dax_hmem
start_udev
cap third-boot
t status --json
"""


def judge_let_in(results, kernel):
    """What would be deadly is refused; with cxl_pmem in it goes through, and the region has its driver."""
    ended(results.command("persist-hmem"), 0)
    owned(results.capture("held"), {INSIDE: "hmem"})
    given = results.command("predict-release-load:cxl_acpi-load:dax_cxl")
    warned = "pmem-without-bridge" in [hazard["id"] for hazard in document(given, "predict")["hazards"]]
    check(warned == (kernel == "6.12"), f"{given} {'names' if warned else 'does not name'} pmem-without-bridge")
    if kernel == "6.12":
        refused(results.command("apply-cxl"), "pmem-without-bridge", "modprobe cxl_pmem")
        untouched(results.capture("held"), results.capture("refused"))
    else:
        ended(results.command("apply-cxl"), 0)
    ended(results.command("modprobe-cxl_pmem"), 0)
    ended(results.command("apply-cxl", 2), 0)
    driven(results.capture("let-in"))
    ended(results.command("persist-cxl"), 0)
    driven(results.capture("third-boot"))
    for number in (1, 2):
        status = document(results.command("status", number), "status")
        check(status["hazards"] == [], f"status {number} shows {status['hazards']}")


def driven(capture):
    """The ram region is CXL's, and the persistent one has its driver and its nvdimm region."""
    owned(capture, {INSIDE: "cxl"})
    found = capture.links("sys/bus/cxl/drivers/cxl_pmem_region")
    check(any(name.startswith("pmem_region") for name in found), f"capture {capture}: no pmem_region has its driver")
    check(capture.iomem_named("Persistent Memory"), f"capture {capture}: /proc/iomem has no Persistent Memory")


CASES = [
    Case("pmem-bridge-standing", "pmem", STANDING, judge_standing, kernels=("6.12",)),
    Case("pmem-bridge-let-in", "pmem", KEEP_OUT, judge_let_in, kernels=BOTH, group="persist",
         later_boots=(LET_IN, FROM_BOOT)),
]
