"""A kernel as the lab keeps it: an image, and the modules that a guest needs with the lists that depmod makes of them."""
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

# The modules a host would load for this memory, a file system for persistent memory and for a disk, and the disk and
# the network of a guest that is reached from outside; what they depend on is added.
WANTED_MODULES = re.compile(r"kernel/(drivers/(cxl|dax|nvdimm)/|fs/ext4/|(arch/x86/)?crypto/crc32c|"
                            r"drivers/(net/virtio_net|block/virtio_blk|virtio/virtio_pci)\.ko)")
# The rules that cases and judges know, and the first version that follows each.
RULES = {"coordinated": (7, 1), "6.12": (6, 3)}
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class KernelError(Exception):
    """A kernel that the lab can't run, and why."""


@dataclass(frozen=True)
class Kernel:
    """An unpacked kernel: its image, and a tree that holds usr/lib/modules/RELEASE."""
    name: str
    release: str
    root: Path
    # Which of RULES it follows, where that isn't what its version says.
    stated_rules: str = None

    @property
    def image(self):
        return self.root / "vmlinuz"

    @property
    def modules(self):
        return self.root / "usr/lib/modules" / self.release

    @property
    def rules(self):
        """The rules it follows; None where no case is about such a kernel."""
        return self.stated_rules or next((rules for rules, first in RULES.items() if first <= version(self.release)), None)

    @property
    def builtin_modules(self):
        """What is part of the image."""
        return module_names(self.modules / "modules.builtin")

    @property
    def shape(self):
        """`builtin` where cxl_acpi is part of the image, which no step of the other cases could remove."""
        return "builtin" if "cxl_acpi" in self.builtin_modules else "modular"


def version(release):
    """The numbers at the start of a kernel release, to compare by; 6.1.0-50 also counts its builds."""
    return tuple(int(number) for number in re.findall(r"\d+", re.match(r"[\d.]+\d(-\d+)?", release)[0]))


def module_names(listing):
    """The modules that a list such as modules.builtin names, as /proc/modules writes them."""
    if not listing.is_file():
        return set()
    return {re.sub(r"\.ko.*$", "", line.split(":")[0].rsplit("/", 1)[-1]).replace("-", "_")
            for line in listing.read_text().splitlines() if line.strip()}


def kept_for(root):
    """Which modules a tree of the cache was made to hold."""
    note = root / "wanted-modules"
    return note.read_text() if note.exists() else None


def merged(root):
    """Makes root with lib as a link to usr/lib: packages of either layout unpack into one."""
    (root / "usr/lib").mkdir(parents=True)
    (root / "lib").symlink_to("usr/lib")
    return root


def keep(image, source, release, kept):
    """Makes the tree that the lab keeps of a kernel, at the new directory `kept`: the image and the wanted modules.

    `source` is the kernel's directory of modules, with modules.dep.
    """
    modules = merged(kept) / "usr/lib/modules" / release
    shutil.copy(image, kept / "vmlinuz")
    keep_modules(source, modules)
    index(kept, release)
    (kept / "wanted-modules").write_text(WANTED_MODULES.pattern)
    return kept


def keep_modules(source, target):
    """Copies the wanted modules and what they depend on, with the files that depmod needs."""
    target.mkdir(parents=True)
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        shutil.copy(source / name, target)
    for line in (source / "modules.dep").read_text().splitlines():
        module, dependencies = line.split(":", 1)
        if WANTED_MODULES.match(module):
            for path in [module, *dependencies.split()]:
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source / path, target / path)


def index(root, release):
    """Runs depmod over the modules below root."""
    done = subprocess.run(["depmod", "-b", root, release], capture_output=True, text=True, env={"PATH": PATH})
    if done.returncode or not (root / "usr/lib/modules" / release / "modules.dep").exists():
        raise KernelError(f"depmod over {release} failed: {done.stderr.strip()}")
