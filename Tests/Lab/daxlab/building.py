"""Kernels of shapes that Debian does not ship, built from its source package.

Debian has cxl_core and cxl_port in the image and the other drivers as modules. Most distributions have all of them as
modules, some have all of them in the image. A build's source and objects stay until every shape of the version is built, so
that the next shape compiles only what differs; then only image and modules are kept.
"""
import argparse
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from daxlab import cache
from daxlab.archive import Archive, ArchiveError
from daxlab.trees import WANTED_MODULES, Kernel, KernelError, keep, kept_for, version

CONFIGURATIONS = cache.LAB / "kernel"
SHAPES = ("modular", "builtin")
SERIES = ("7.3", "6.12")
# Debian's suites, the nearest to a release first.
SUITES = ("trixie-backports", "trixie", "bookworm-backports", "bookworm", "sid")
# {name: (shape, series)} of the kernels that are built.
NAMES = {f"{series}-{shape}": (shape, series) for series in SERIES for shape in SHAPES}
# What a kernel can't be built without: the program, or a header that its package has, and the package.
NEEDED = {"make": "make", "gcc": "gcc", "bc": "bc", "flex": "flex", "bison": "bison", "xz": "xz-utils",
          "/usr/include/gelf.h": "libelf-dev", "/usr/include/openssl/ssl.h": "libssl-dev"}
# Without these no case can run; an older kernel may lack others of the configuration.
ESSENTIAL = ("CXL_BUS", "CXL_ACPI", "CXL_PCI", "CXL_MEM", "CXL_PORT", "CXL_REGION", "DEV_DAX", "DEV_DAX_HMEM", "DEV_DAX_CXL",
             "DEV_DAX_KMEM", "KEXEC", "KEXEC_FILE", "DEVMEM", "SERIAL_8250_CONSOLE", "BLK_DEV_INITRD", "MODULE_UNLOAD")


def fragment(shape):
    """The configuration of a shape, as one text."""
    return "".join((CONFIGURATIONS / f"{name}.config").read_text() for name in ("base", shape)) \
        + f'CONFIG_LOCALVERSION="-{shape}"\n'


def built(shape, series):
    """The newest kernel of that shape and version in the cache that was built as the lab would build it now, or None."""
    name = f"{series}-{shape}"
    found = [path for path in cache.directory("kernels", name).iterdir() if not path.name.startswith(".") and
             kept_for(path) == WANTED_MODULES.pattern and (path / "configuration").is_file() and
             (path / "configuration").read_text() == fragment(shape)]
    newest = max(found, key=lambda path: version(path.name), default=None)
    return Kernel(name, newest.name, newest) if newest else None


def build(shape, series):
    """Builds a kernel into the cache, unless it is there."""
    with cache.locked(f"build-{series}"):
        there = built(shape, series)
        if there:
            return there
        require_programs()
        work = cache.directory("builds", series)
        source = unpacked(series, work)
        image, installed, release = compiled(shape, source, work)
        target = cache.directory("kernels", f"{series}-{shape}") / release
        shutil.rmtree(target, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=target.parent) as scratch:
            kept = keep(image, installed, release, Path(scratch, "kept"))
            (kept / "configuration").write_text(fragment(shape))
            kept.rename(target)
        shutil.rmtree(work / "installed")
        if all(built(other, series) for other in SHAPES):
            shutil.rmtree(work)
        return Kernel(f"{series}-{shape}", release, target)


def require_programs():
    """Raises where something is missing that a build needs."""
    missing = [package for what, package in NEEDED.items() if not (Path(what).exists() or shutil.which(what))]
    if missing:
        raise KernelError(f"{', '.join(missing)} missing: Tests/Lab/prepare kernels installs what a kernel is built with")


def unpacked(series, work):
    """The source of a version, downloaded as a package and unpacked."""
    source = work / "source"
    if source.is_dir():
        return source
    with tempfile.TemporaryDirectory(prefix=".", dir=work) as scratch:
        package = downloaded(series, Path(scratch))
        print(f"unpacking {package.name}", flush=True)
        new = Path(scratch, "source")
        new.mkdir()
        extract = (f"set -o pipefail; dpkg-deb --fsys-tarfile '{package}' | tar -xO ./usr/src/linux-source-{series}.tar.xz | "
                   f"tar -xJ --strip-components=1 -C '{new}'")
        if subprocess.run(["bash", "-c", extract]).returncode:
            raise KernelError(f"{package.name} can't be unpacked")
        new.rename(source)
    return source


def downloaded(series, directory):
    """The source package of a version, from the first suite that has it."""
    others = set()
    for suite in SUITES:
        archive = Archive(suite)
        try:
            archive.update()
        except ArchiveError:
            continue  # a suite that the machine's mirror does not carry
        names = archive.names("linux-source-")
        if f"linux-source-{series}" in names:
            print(f"downloading linux-source-{series} of {suite}", flush=True)
            return archive.download([f"linux-source-{series}"], directory)[0]
        others |= {found[1] for name in names if (found := re.fullmatch(r"linux-source-(\d+\.\d+)", name))}
    have = ", ".join(sorted(others, key=version)) or "none at all"
    raise ArchiveError(f"no suite of {', '.join(SUITES)} has linux-source-{series}; they have {have}")


def compiled(shape, source, work):
    """(image, directory of modules, release) of a kernel, built beside what earlier builds left."""
    objects, log = work / "objects", work / f"{shape}.log"
    objects.mkdir(exist_ok=True)
    log.write_text("")
    (objects / "wanted.config").write_text(fragment(shape))
    command = ["make", "-C", source, f"O={objects}", f"-j{(os.cpu_count() or 1) + 1}"]
    made(command + ["allnoconfig", f"KCONFIG_ALLCONFIG={objects}/wanted.config"], log)
    require_options(shape, objects / ".config")
    start = time.monotonic()
    print(f"building; {log} shows how far it is", flush=True)
    made(command + ["bzImage", "modules"], log)
    shutil.rmtree(work / "installed", ignore_errors=True)
    made(command + ["modules_install", f"INSTALL_MOD_PATH={work}/installed", "INSTALL_MOD_STRIP=1"], log)
    release = (objects / "include/config/kernel.release").read_text().strip()
    print(f"built {release} in {time.monotonic() - start:.0f} s", flush=True)
    return objects / "arch/x86/boot/bzImage", work / "installed/lib/modules" / release, release


def made(command, log):
    """Runs make, and raises the end of its log where it fails."""
    environment = {**os.environ, "KBUILD_BUILD_USER": "lab", "KBUILD_BUILD_HOST": "lab", "LC_ALL": "C"}
    with open(log, "a") as file:
        code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment).returncode
    if code:
        lines = log.read_text(errors="replace").splitlines()
        said = [line for line in lines if "rror" in line][-5:] or lines[-5:]
        raise KernelError(f"make ended {code}; {log} says\n" + "\n".join(f"    {line}" for line in said))


def require_options(shape, configuration):
    """Raises where the kernel's configuration did not take what the lab needs: options change their names and needs."""
    has = dict(re.findall(r"^CONFIG_(\w+)=(.*)$", configuration.read_text(), re.MULTILINE))
    wanted = dict(re.findall(r"^CONFIG_(\w+)=(.*)$", fragment(shape), re.MULTILINE))
    wrong = [f"CONFIG_{name} is {has.get(name, 'n')} and not {wanted[name]}" for name in ESSENTIAL
             if has.get(name) != wanted[name]]
    if wrong:
        raise KernelError(f"this version does not take the lab's configuration: {'; '.join(wrong)}")


def main():
    """Builds what the command line names, and returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="build-kernel", description="Builds a kernel of another shape than Debian's into the lab's cache.")
    parser.add_argument("shape", choices=SHAPES, help="modular: all of CXL is modules; builtin: all is in the image")
    parser.add_argument("series", nargs="*", default=SERIES,
                        help=f"versions of Debian's source packages (default: {' '.join(SERIES)})")
    options = parser.parse_args()
    for series in options.series:
        if not re.fullmatch(r"\d+\.\d+", series):
            parser.error(f"{series!r} is not a version such as 7.3")
    try:
        for series in options.series:
            kernel = build(options.shape, series)
            print(f"{kernel.name}: {kernel.release} in {kernel.root}", flush=True)
    except (ArchiveError, KernelError) as error:
        print(f"build-kernel: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
