"""Records a scenario on a kernel: the moments and commands in the format of Tests/Captures."""
import io
import lzma
import re
import shutil
import tarfile

from daxlab import cache, kernels
from daxlab.archive import ArchiveError
from daxlab.machine import Machine
from daxlab.results import Failure, unpack
from daxlab.runner import in_order, tail

CAPTURES = cache.LAB.parent / "Captures"
# What the suite wants of a kernel's module lists.
MODULE_LISTS = ("modules.alias", "modules.builtin", "modules.dep", "modules.softdep", "modules.symbols")
RELEVANT = re.compile(r"cxl|dax|hmem|kmem|nvdimm|pmem")
# The kernel that commits regions for one that can't: sysfs has no way to do it before 6.3.
FIRMWARE_KERNEL = "6.12"
UNABLE = ("6.1",)


def folder_name(release):
    """The folder of a kernel's recordings: 7.3.4-lab for 7.3.4+deb13-amd64."""
    return re.sub(r"(\+.*|-amd64)$", "", release) + "-lab"


def record_all(scenarios, there, out, jobs, timeout):
    """Records scenarios on kernels, prints a line for each, and returns the exit code."""
    work = [(scenario, kernel) for kernel in there for scenario in scenarios]
    failed = 0 if work else 1
    for line, good in in_order(lambda pair: record_one(*pair, out, timeout), work, jobs):
        print(line, flush=True)
        failed += not good
    return 1 if failed else 0


def available(names):
    """The kernels of those names; one that has left the archive is said so and passed over."""
    found = []
    for name in names:
        try:
            found.append(kernels.kernel(name))
        except ArchiveError as error:
            print(f"SKIP {name}: {error}", flush=True)
    return found


def record_one(scenario, kernel, out, timeout):
    """(line, whether it went well) of one recording."""
    name = f"{kernel.release}/{scenario.name}"
    try:
        archive = record(scenario, kernel, out, timeout)
    except Failure as failure:
        return f"FAIL {name}: {failure}", False
    return f"DONE {name}: {archive.stat().st_size // 1024} KiB in {archive}", True


def record(scenario, kernel, out, timeout):
    """Boots the guest and packs what it sent into OUT/KERNEL/SCENARIO.txz, whose path it returns."""
    folder = out / folder_name(kernel.release)
    scratch = cache.directory("recordings", kernel.release, scenario.name)
    shutil.rmtree(scratch)
    scratch.mkdir()
    console, stream = scratch / "console.log", scratch / "stream"
    script = f"SCENARIO={scenario.name}\n. /lab/regions.sh\n. /lab/record.sh\n{scenario.script}\n"
    first = kernels.kernel(FIRMWARE_KERNEL) if kernel.name in UNABLE else None
    machine = Machine(scenario, kernel, script, first_kernel=first)
    in_time = machine.run(console, stream, timeout)
    results = unpack(stream, scratch)
    if not in_time or not results.finished:
        what = "broke off" if in_time else f"was not done after {timeout} s"
        raise Failure(f"the guest {what}; the end of its console:\n{tail(console)}")
    if "# could not go on" in (scratch / "events.log").read_text():
        raise Failure(f"the script could not go on; the end of its console:\n{tail(console)}")
    folder.mkdir(parents=True, exist_ok=True)
    moments = [path for path in results.steps if (path / "proc").is_dir()]
    archive = folder / f"{scenario.name}.txz"
    archive.write_bytes(packed([*moments, scratch / "events.log"]))
    keep_module_lists(kernel, folder / "modules")
    return archive


def packed(paths):
    """The paths as a compressed archive that depends on nothing but their contents."""
    content = io.BytesIO()

    def plain(member):
        member.uid = member.gid = member.mtime = 0
        member.uname = member.gname = "root"
        return member

    with tarfile.open(fileobj=content, mode="w") as archive:
        for path in paths:
            archive.add(path, path.name, filter=plain)
    return lzma.compress(content.getvalue(), preset=9 | lzma.PRESET_EXTREME)


def keep_module_lists(kernel, target):
    """The lines of the kernel's module lists that concern this memory."""
    target.mkdir(exist_ok=True)
    for name in MODULE_LISTS:
        lines = (kernel.modules / name).read_text(errors="replace").splitlines(True)
        (target / name).write_text("".join(filter(RELEVANT.search, lines)))
