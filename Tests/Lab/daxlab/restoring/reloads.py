"""`apply reload` is a round trip: the regions are torn down and come back as they were."""
from daxlab.case import BOTH, EVERY_SHAPE, Case
from daxlab.checks import check, document, ended
from daxlab.platforms import DEVICE_SIZE, FIRST_WINDOW, INSIDE
from daxlab.restoring.layout import contents, layouts, memory_devices, whole_as

ROUNDS = 10
SHELL = ". /lab/regions.sh\n. /lab/restore.sh\n"


def by_hand(*regions):
    """Regions made before dax_hmem is loaded, with a pattern in each: (size, serials...)."""
    serials = {serial for _, *serials in regions for serial in serials}
    made = "".join(f"bound_region ram {size:#x} {FIRST_WINDOW:#x} {' '.join(map(str, serials))}\n"
                   for size, *serials in regions)
    return f"{SHELL}with_cxl {len(serials)}\n{made}start_udev\npatterns write\ncap before\n"


def reloads(rounds, options=""):
    """The script of so many reloads in a row."""
    return f"""
for round in $(seq {rounds}); do
    run apply-$round daxswitch apply reload --yes --json {options}
    settle
    run verify-$round daxswitch verify reload --json
    cap round-$round
done
patterns check
"""


def verified(command, before):
    """`verify` finds what it is to be; but that nobody has a Soft Reserved line, where the regions lie beside that."""
    lines = [line.range for line in before.iomem_named("Soft Reserved")]
    if not lines:
        return ended(command, 0)
    ended(command, 4)
    for difference in document(command, "verify")["differences"]:
        start, end = int(difference["start"], 16), int(difference["end"], 16)
        check((difference["kind"], difference["found"]) == ("finding", "no-owner")
              and lines[0].start <= start and end <= lines[-1].end, f"{command}: {difference['what']}")


def judge(rounds, regions, ways):
    """A judge: so many regions of so many ways each are as they were before, after every one of the rounds."""
    def judge_rounds(results, kernel):
        before = results.capture("before")
        found = layouts(before)
        check([layout.ways for layout in found] == [ways] * regions, f"capture before: the regions are {found}")
        # Before 7.1 a region by hand lies behind the Soft Reserved line, so the kernel puts it there again.
        beside = found[0].range.start > INSIDE.start
        check(beside == (kernel == "6.12"), f"capture before: the first region is at {found[0].range}")
        modules = before.modules()
        for number in range(1, rounds + 1):
            command = results.command(f"apply-{number}")
            ended(command, 0)
            notes = document(command, "apply")["notes"]
            for words in ("In between it is gone", "was gone for"):
                check(sum(words in note for note in notes) == regions, f"{command}: the notes are {notes}")
            after = results.capture(f"round-{number}")
            # If it is part of the image, nothing tells one binding from the next.
            check("cxl_acpi" not in modules or after.modules().get("cxl_acpi") not in (None, modules["cxl_acpi"]),
                  f"capture {after}: cxl_acpi was not loaded again")
            whole_as(before, after)
            verified(results.command(f"verify-{number}"), before)
            modules = after.modules()
        return f"{rounds} of {rounds} reloads; {contents(results)}"
    return judge_rounds


SPLIT = f"""
{SHELL}with_cxl 1
bound_region ram {DEVICE_SIZE:#x} {FIRST_WINDOW:#x} 1
start_udev
split $(starts)
fill 1 16
cap before
t apply reload --yes --json
cap refused
""" + reloads(2, "--offline-memory").replace("patterns check\n", "run data md5sum -c /data/sums\ndrain\npatterns check\n")


def judge_split(results, kernel):
    """Refused while memory is online; with --offline-memory each of two dax devices has its bytes, driver and zone again."""
    before = results.capture("before")
    devices = before.dax_devices()
    check(sorted(device.driver for device in devices) == ["device_dax", "kmem"], f"capture before: {devices}")
    ended(results.command("apply-reload"), 3)
    whole_as(before, results.capture("refused"))
    for number in (1, 2):
        ended(results.command(f"apply-{number}"), 0)
        whole_as(before, results.capture(f"round-{number}"))
        verified(results.command(f"verify-{number}"), before)
    ended(results.command("data"), 0)
    return f"2 of 2 reloads; {contents(results)}"


RENUMBERED = by_hand((2 * DEVICE_SIZE, 1, 2)) + """
t apply cxl --yes --json
lose
renumber
load
cap lost
t status --json
t apply cxl --yes --json
settle
cap after
t verify reload --json
patterns check
"""


def judge_renumbered(results, kernel):
    """The memory devices have each other's numbers by then, and the region has each at its position."""
    before, lost = results.capture("before"), results.capture("lost")
    was, now = memory_devices(before), memory_devices(lost)
    check(was.keys() == now.keys() and all(was[name] != now[name] for name in was),
          f"the memory devices were not numbered again: {was}, {now}")
    check(not layouts(lost), f"capture lost: {layouts(lost)}")
    ended(results.command("apply-cxl", 2), 0)
    whole_as(before, results.capture("after"))
    verified(results.command("verify-reload"), before)
    return contents(results)


CASES = [
    Case("restore-by-hand", "none", by_hand((DEVICE_SIZE, 1)) + reloads(ROUNDS), judge(ROUNDS, 1, 1), kernels=BOTH,
         shapes=EVERY_SHAPE, group="restore"),
    Case("restore-interleaved", "pair", by_hand((2 * DEVICE_SIZE, 1, 2)) + reloads(3), judge(3, 1, 2), kernels=BOTH,
         shapes=EVERY_SHAPE, group="restore"),
    Case("restore-three", "trio", by_hand(*((DEVICE_SIZE, serial) for serial in (1, 2, 3))) + reloads(3),
         judge(3, 3, 1), kernels=BOTH, shapes=EVERY_SHAPE, group="restore"),
    Case("restore-switch", "switch", by_hand((2 * DEVICE_SIZE, 1, 2)) + reloads(3), judge(3, 1, 2), kernels=BOTH,
         shapes=EVERY_SHAPE, group="restore"),
    Case("restore-renumbered", "pair", RENUMBERED, judge_renumbered, kernels=BOTH, shapes=EVERY_SHAPE,
         group="restore"),
    Case("restore-split", "none", SPLIT, judge_split, kernels=BOTH, shapes=EVERY_SHAPE, group="restore"),
]
