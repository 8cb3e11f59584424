"""The kernels that the lab names: Debian's, and those built from its source package.

Debian's are downloaded and unpacked into the cache, never installed. The newest release that matches is resolved from the
package lists: exact versions leave the archive after some weeks. A kernel that is in the cache is used without asking the
network.
"""
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from daxlab import building, cache
from daxlab.archive import Archive, ArchiveError
from daxlab.trees import WANTED_MODULES, Kernel, KernelError, index, keep, kept_for, merged, version


@dataclass(frozen=True)
class Wish:
    """A kernel the lab wants: by the rules it follows, from the first suite that has it."""
    name: str
    suites: tuple
    first: tuple
    below: tuple

    def matches(self, release):
        """Whether a release, such as 6.12.107+deb13-amd64 or 6.1.0-50-amd64, is of this kind."""
        return self.first <= version(release) < self.below


WISHES = {wish.name: wish for wish in (
    # dax_hmem waits for the CXL drivers' first probe: in 7.1 and later.
    Wish("coordinated", ("trixie-backports", "sid"), (7, 2), (8,)),
    # dax_hmem leaves every range in a CXL window to the CXL drivers: from 6.3 to 7.0.
    Wish("6.12", ("trixie", "bookworm-backports"), (6, 12), (6, 13)),
)}

# Kernels that only recordings are made on: more of each generation.
RECORDED = {wish.name: wish for wish in (
    # A coordinated kernel of another suite and build than the one above.
    Wish("7.2", ("sid", "trixie-backports"), (7, 2), (7, 3)),
    # A late one of those that leave windows to CXL.
    Wish("6.18", ("trixie-backports",), (6, 18), (6, 19)),
    # No dax_cxl and no ram regions at all: dax_hmem takes every range.
    Wish("6.1", ("bookworm",), (6, 1), (6, 2)),
)}


# Everything that `--kernel` takes to run cases on.
NAMES = (*WISHES, *building.NAMES)


def cached(name):
    """The newest kernel of that name in the cache that has the wanted modules, or None."""
    found = [path for path in cache.directory("kernels", name).iterdir()
             if not path.name.startswith(".") and kept_for(path) == WANTED_MODULES.pattern]
    newest = max(found, key=lambda path: version(path.name), default=None)
    return Kernel(name, newest.name, newest) if newest else None


def kernel(name, refresh=False):
    """The kernel of that name, from the cache or else from the archive; refresh looks for a newer one.

    One that is built from source is only taken from the cache: a build takes a quarter of an hour.
    """
    if name in building.NAMES:
        there = building.built(*building.NAMES[name])
        if not there:
            shape, series = building.NAMES[name]
            raise KernelError(f"{name} is not in the cache: Tests/Lab/build-kernel {shape} {series} builds it")
        return there
    with cache.locked("kernels"):
        return (None if refresh else cached(name)) or fetch({**WISHES, **RECORDED}[name])


def fetch(wish):
    """Downloads and unpacks the newest kernel that a wish matches."""
    for suite in wish.suites:
        archive = Archive(suite)
        archive.update()
        release, packages = resolve(archive, wish)
        if not release:
            continue
        target = cache.directory("kernels", wish.name) / release
        if kept_for(target) != WANTED_MODULES.pattern:
            shutil.rmtree(target, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix=".", dir=target.parent) as scratch:
                unpack(archive, packages, release, Path(scratch)).rename(target)
        return Kernel(wish.name, release, target)
    raise ArchiveError(f"no suite of {', '.join(wish.suites)} has a {wish.name} kernel")


def resolve(archive, wish):
    """(release, packages) of the newest kernel of the plain flavour that the archive still has whole."""
    present = set(archive.names("linux-"))
    releases = {found[1] for name in present
                if (found := re.fullmatch(r"linux-image-([\d.]+(?:-\d+)?(?:\+[a-z0-9.]+)?-amd64)", name))}
    for release in sorted(filter(wish.matches, releases), key=version, reverse=True):
        packages = closure(archive, f"linux-image-{release}", present)
        # Of an older release the base package, which has neither image nor modules, can be gone already.
        if {name for name in packages if not name.startswith("linux-base-")} <= present:
            return release, sorted(packages & present)
    return None, None


def closure(archive, image, present):
    """A kernel's image package and all of its release that it depends on: newer kernels come in several."""
    release = image.removeprefix("linux-image-")
    found, left = set(), [image]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            if name in present:
                left += [other for other in archive.dependencies(name) if other.endswith(f"-{release}")]
    return found


def unpack(archive, packages, release, scratch):
    """Downloads packages, and makes the tree that the lab keeps of them."""
    downloads, whole, kept = scratch / "downloads", merged(scratch / "whole"), scratch / "kept"
    downloads.mkdir()
    for package in archive.download(packages, downloads):
        extract(package, whole)
        package.unlink()
    modules = Path("usr/lib/modules", release)
    images = [whole / modules / "vmlinuz", whole / f"boot/vmlinuz-{release}"]
    image = next((path for path in images if path.exists()), None)
    if image is None:
        raise ArchiveError(f"the packages {', '.join(packages)} hold no vmlinuz")
    index(whole, release)
    return keep(image, whole / modules, release, kept)


def extract(package, target):
    """Unpacks a package as dpkg -x does, but keeps the links between directories: older packages hold /lib itself."""
    files = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "--keep-directory-symlink", "-C", target], stdin=files.stdout, check=True)
    if files.wait():
        raise ArchiveError(f"{package.name} can't be unpacked")
