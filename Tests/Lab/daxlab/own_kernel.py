"""A kernel of one's own: a build tree, or an installed kernel, as `--kernel-dir` names it."""
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from daxlab import cache
from daxlab.trees import WANTED_MODULES, Kernel, KernelError, index, keep, merged, module_names

# The drivers without which there is nothing to run, as module or in the image.
REQUIRED = ("cxl_acpi", "cxl_core", "cxl_port", "cxl_mem", "cxl_pci", "dax_hmem")
BUILD_RELEASE = "include/config/kernel.release"


def own_kernel(directory, release=None, rules=None):
    """The kernel in a directory, copied into the cache: the tree may be built again while guests run.

    Raises KernelError with what the directory lacks.
    """
    if not directory.is_dir():
        raise KernelError(f"{directory} is not a directory")
    is_build_tree = (directory / BUILD_RELEASE).is_file()
    release = (directory / BUILD_RELEASE).read_text().strip() if is_build_tree else installed_release(directory, release)
    target = cache.directory("kernels", "own") / release
    with cache.locked("own-kernel"), tempfile.TemporaryDirectory(prefix=".", dir=target.parent) as scratch:
        if is_build_tree:
            image, modules = directory / "arch/x86/boot/bzImage", gathered(directory, release, Path(scratch))
        else:
            image, modules = installed_image(directory, release), module_directory(directory) / release
        if not image.is_file():
            raise KernelError(f"{directory} has no image: {image.relative_to(directory)} is not there; `make bzImage` makes it")
        require_cxl(directory, modules)
        kept = keep(image, modules, release, Path(scratch, "kept"))
        if is_build_tree:
            strip(kept)
        if not same(kept, target):
            shutil.rmtree(target, ignore_errors=True)
            kept.rename(target)
    kernel = Kernel(release, release, target, rules)
    if not kernel.rules:
        raise KernelError(f"no case covers kernels as old as {release}; if its drivers are newer, name their rules with `--rules`")
    return kernel


def strip(root):
    """Takes the debugging symbols out of the modules of a build tree: a guest has its modules in memory."""
    modules = sorted(root.glob("usr/lib/modules/*/kernel/**/*.ko"))
    if modules and subprocess.run(["strip", "--strip-debug", *modules]).returncode:
        raise KernelError(f"the modules in {root} can't be stripped")


def same(one, other):
    """Whether two trees hold the same files, so guests that are running keep theirs."""
    return other.is_dir() and not subprocess.run(["diff", "-rq", one, other], capture_output=True).returncode


def module_directory(directory):
    """Where an installed kernel's modules are: DIR is a root, or what dpkg -x or modules_install made."""
    for name in ("usr/lib/modules", "lib/modules"):
        if (directory / name).is_dir():
            return directory / name
    if (directory / "Kbuild").is_file() or (directory / "Kconfig").is_file():
        raise KernelError(f"{directory} is a source tree in which no kernel is built; if you built with `make O=OTHER`, name OTHER")
    raise KernelError(f"{directory} has no modules: neither lib/modules/RELEASE, nor {BUILD_RELEASE} of a build tree")


def installed_release(directory, wanted):
    """Which of the installed kernels is meant."""
    found = sorted(path.name for path in module_directory(directory).iterdir() if (path / "modules.dep").is_file()
                   or (path / "modules.order").is_file())
    if wanted and wanted not in found or not found:
        others = f"; it has {', '.join(found)}" if found else ""
        raise KernelError(f"{directory} has no modules of {wanted or 'any kernel'}{others}")
    if not wanted and len(found) > 1:
        raise KernelError(f"{directory} has several kernels: {', '.join(found)}; `--release` names one")
    return wanted or found[0]


def installed_image(directory, release):
    """The image of an installed kernel."""
    modules = module_directory(directory) / release
    places = [directory / f"boot/vmlinuz-{release}", modules / "vmlinuz", directory / f"vmlinuz-{release}",
              directory / "vmlinuz", directory / "boot/vmlinuz"]
    image = next((path for path in places if path.is_file()), None)
    if not image:
        names = ", ".join(str(path.relative_to(directory)) for path in places)
        raise KernelError(f"{directory} has no image of {release}; looked for {names}")
    return image


def gathered(tree, release, scratch):
    """The directory of a build tree's modules, laid out as modules_install does, but without a copy of each."""
    order = tree / "modules.order"
    if not order.is_file():
        raise KernelError(f"{tree} has no modules: modules.order is not there; `make modules` makes it")
    modules = merged(scratch / "whole") / "usr/lib/modules" / release
    modules.mkdir(parents=True)
    paths = [re.sub(r"\.k?o$", ".ko", line) for line in order.read_text().split()]
    for path in paths:
        if not (tree / path).is_file():
            raise KernelError(f"{tree} has no {path}, which modules.order names; `make modules` makes it")
        place = modules / "kernel" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        # depmod has to see what the wanted ones depend on.
        place.symlink_to((tree / path).resolve())
    (modules / "modules.order").write_text("".join(f"kernel/{path}\n" for path in paths))
    for name in ("modules.builtin", "modules.builtin.modinfo"):
        if not (tree / name).is_file():
            raise KernelError(f"{tree} has no {name}: the build is not complete")
        shutil.copy(tree / name, modules)
    index(scratch / "whole", release)
    return modules


def require_cxl(directory, modules):
    """Raises where the kernel lacks a driver that every case is about."""
    if not (modules / "modules.dep").is_file():
        raise KernelError(f"{modules} has no modules.dep; `depmod` makes it")
    there = module_names(modules / "modules.dep") | module_names(modules / "modules.builtin")
    missing = [name for name in REQUIRED if name not in there]
    if missing:
        raise KernelError(f"the kernel in {directory} lacks {', '.join(missing)}: neither a module nor in the image "
                          "(docs/your-kernel.md lists the options)")
