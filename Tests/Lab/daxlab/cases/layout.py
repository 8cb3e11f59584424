"""A dax region that daxctl has split: under its new driver it has the same devices again, each with its use and its data."""
from daxlab.case import EVERY_SHAPE, Case
from daxlab.cases.memory import DAX_RELOAD, data_intact, online_in
from daxlab.checks import check, document, ended, pattern_intact, refused
from daxlab.platforms import DEVICE_SIZE, INSIDE, Range

FIRST = Range(INSIDE.start, INSIDE.start + DEVICE_SIZE // 2 - 1)
SECOND = Range(FIRST.end + 1, INSIDE.end)


def split(driver):
    """Two devices in the place of one, as `daxctl create-device` makes them: one with `driver`, and memory that is online."""
    return f"""
start_udev
device=$(dax_device {INSIDE.start:#x})
echo $device > /sys/bus/dax/drivers/kmem/unbind
echo {FIRST.size:#x} > /sys/bus/dax/devices/$device/size
region=$(dirname "$(readlink -f /sys/bus/dax/devices/$device)")
echo 1 > $region/dax_region/create
echo {SECOND.size:#x} > $region/${{device%.*}}.1/size
pattern write {FIRST.start:#x}
/sbin/modprobe {driver}
echo $device > /sys/bus/dax/drivers/{driver}/new_id
echo $device > /sys/bus/dax/drivers/{driver}/remove_id
echo ${{device%.*}}.1 > /sys/bus/dax/drivers/kmem/bind
online {SECOND.start:#x} movable
fill 1 16
cap before
"""


def changed(policy, name, accepted=""):
    """The script that applies `policy`."""
    return f"""
run {name}-plan daxswitch plan {policy} --json
run {name}-apply daxswitch apply {policy} --yes --json --offline-memory {accepted}
settle
cap {name}
"""


END = f"run end-data md5sum -c /data/sums\ndrain\npattern check {FIRST.start:#x}\n"


def laid_out(capture, owner, driver):
    """The two devices with their drivers, and the memory of the second one online."""
    found = [(device.range, device.owner, device.driver)
             for device in sorted(capture.dax_devices(), key=lambda device: device.range.start)]
    wanted = [(FIRST, owner, driver), (SECOND, owner, "kmem")]
    check(found == wanted, f"capture {capture}: the devices are {found}, not {wanted}")
    online_in(capture, SECOND, "Movable")


def judge(*stages, driver="device_dax"):
    """A judge: after each stage, the owner that it names has the same devices."""
    def judge_stages(results, kernel):
        pattern_intact(results.command("pattern-write"))
        laid_out(results.capture("before"), "cxl", driver)
        for name, owner in stages:
            notes = document(results.command(f"{name}-plan"), "plan")["notes"]
            check(any("is split into" in note for note in notes), f"{name}: plan does not tell of the layout: {notes}")
            ended(results.command(f"{name}-apply"), 0)
            laid_out(results.capture(name), owner, driver)
        data_intact(results, "end")
        pattern_intact(results.command("pattern-check"))
    return judge_stages


def judge_famfs(results, kernel):
    """A famfs that may be mounted is no reason to guess: refused, and once that is accepted the driver comes back too."""
    refused(results.command("apply-hmem"), "device-open", "famfs")
    judge(("hmem", "hmem"), driver="fsdev_dax")(results, kernel)


CASES = [
    Case("layout", "locked", split("device_dax") + changed("hmem", "hmem") + changed("cxl", "cxl") + END,
         judge(("hmem", "hmem"), ("cxl", "cxl")), kernels=("coordinated",), shapes=EVERY_SHAPE),
    Case("layout-famfs", "locked", split("fsdev_dax") + "t apply hmem --yes --json --offline-memory\n"
         + changed("hmem", "hmem", "--accept device-open") + END, judge_famfs, kernels=("coordinated",), shapes=EVERY_SHAPE),
    Case("layout-reload", "unlocked", split("device_dax") + DAX_RELOAD + changed("/tmp/dax.toml", "dax") + END,
         judge(("dax", "cxl")), kernels=("6.12",), shapes=EVERY_SHAPE),
]
