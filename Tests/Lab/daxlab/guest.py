"""What is inside a guest: Debian's own tools, rules and modules, the tool under test, and the lab's helpers."""
import re
import shutil
import stat
import subprocess
from pathlib import Path

from daxlab import cache
from daxlab.initramfs import Initramfs

SOURCES = cache.LAB / "guest"
PACKAGE = cache.LAB.parent.parent / "packaging/debian"
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
KMOD_NAMES = ("modprobe", "insmod", "rmmod", "lsmod", "depmod", "modinfo")
# Configuration of udev and of libkmod that these packages install, as on every host that has them.
RULE_PACKAGES = ("udev", "kmod", "daxctl", "ndctl")
RULE_PATHS = re.compile(r"(/usr)?/lib/(udev/(rules\.d/.|[^/]+_id$)|modprobe\.d/.)|"
                        r"/etc/modprobe\.d/.|/usr/share/daxctl/.")
POLICIES = "/usr/share/daxswitch/policies"
SHELL_FUNCTION = re.compile(r"^(\w+)\(\)", re.MULTILINE)
SOURCED = re.compile(r"\. /lab/(\w+\.sh)")


def located(name):
    """The path of a program of this machine."""
    path = shutil.which(name, path=SYSTEM_PATH)
    if not path:
        raise FileNotFoundError(f"{name} is missing: Tests/Lab/prepare installs it")
    return path


def shared_library(name):
    """The path of a library of this machine."""
    listed = subprocess.run([located("ldconfig"), "-p"], capture_output=True, text=True, check=True).stdout
    found = re.search(rf"^\s*{re.escape(name)} .*=> (\S+)$", listed, re.MULTILINE)
    if not found:
        raise FileNotFoundError(f"{name} is missing: Tests/Lab/prepare installs it")
    return found[1]


def compiled(name, *options):
    """A helper, compiled from the lab's C source if that is newer."""
    source, target = SOURCES / f"{name}.c", cache.directory("build") / name
    with cache.locked("build"):
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            subprocess.run(["gcc", "-O2", "-o", target, source, *options], check=True)
    return target


def base(kernel, init):
    """What both kernels' guests hold: busybox, kmod and the modules of a kernel."""
    tree = Initramfs()
    tree.program(located("busybox"), "/usr/bin/busybox")
    tree.program(located("kmod"), "/usr/bin/kmod")
    for name in KMOD_NAMES:
        tree.link(f"/usr/sbin/{name}", "../bin/kmod")
    tree.tree(kernel.modules, f"/usr/lib/modules/{kernel.release}")
    tree.copy(SOURCES / init, "/init")
    tree.copy(SOURCES / "regions.sh", "/lab/regions.sh")
    return tree


def check_functions(script):
    """The init reads functions.sh, and the script what it names: a later file would replace a function of an earlier one.

    Raises ValueError if two of them define the same function.
    """
    defined = {}
    for name in ("functions.sh", *dict.fromkeys(SOURCED.findall(script))):
        for function in SHELL_FUNCTION.findall((SOURCES / name).read_text()):
            other = defined.setdefault(function, name)
            if other != name:
                raise ValueError(f"guest/{name} replaces {function}() of guest/{other}: rename one of them")


def under_test(kernel, script, tool=None, policies=None, files=None, restarts=False):
    """The guest that a case or a recording runs in; one that restarts has its kernel and kexec."""
    check_functions(script)
    tree = base(kernel, "init")
    for name in ("functions.sh", "record.sh", "restore.sh", "safety.sh"):
        tree.copy(SOURCES / name, f"/lab/{name}")
    tree.text("/lab/case.sh", script)
    for name in ("snapshot", "pattern", "pin", "holder", "killer", "cutter", "forger", "stopwatch"):
        tree.program(compiled(name, "-static"), f"/usr/bin/{name}")
    for name in ("daxctl", "cxl", "ndctl", "mke2fs", "udevadm", "lsmem", "flock"):
        tree.program(located(name), f"/usr/bin/{name}")
    tree.program("/lib/systemd/systemd-udevd")
    # The rules name groups, and udev warns of each that it can't find.
    for path in ("/etc/passwd", "/etc/group"):
        tree.copy(path)
    for package in RULE_PACKAGES:
        listed = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True, check=True).stdout
        for path in filter(RULE_PATHS.match, listed.splitlines()):
            tree.program(path)
    if tool:
        tree.program(tool, "/usr/bin/daxswitch")
        # Opened by name, so ldd does not list it.
        tree.program(shared_library("libkmod.so.2"))
    if policies:
        tree.tree(policies, POLICIES)
    for name in ("prerm", "postrm", "postinst"):
        tree.copy(PACKAGE / f"daxswitch.{name}", f"/lab/package/{name}")
    if restarts:
        tree.program(located("kexec"), "/usr/sbin/kexec")
        tree.copy(kernel.image, "/lab/vmlinuz")
    for path, content in (files or {}).items():
        tree.add(path, stat.S_IFREG | 0o644, content)
    return tree.image()


def playing_firmware(first, kernel, platform, command_line, second):
    """The guest of the first kernel, which commits the regions and starts the kernel under test."""
    tree = base(first, "first-init")
    tree.program(located("kexec"), "/usr/sbin/kexec")
    tree.program(compiled("soft_reserve", "-shared", "-fPIC", "-ldl"), "/lab/soft_reserve.so")
    tree.copy(kernel.image, "/lab/vmlinuz")
    tree.add("/lab/second.cpio", 0o100644, second)
    ranges = " ".join(f"{range_.start:x}+{range_.size:x}" for range_ in platform.soft_reserved)
    tree.text("/lab/platform", f"LOCKED={'yes' if platform.locked else ''}\nSOFT_RESERVED='{ranges}'\n"
                               f"REGIONS='{';'.join(map(str, platform.regions))}'\n"
                               f"SERIALS={len(platform.topology.devices)}\nCOMMAND_LINE='{command_line}'\n")
    return tree.image()
