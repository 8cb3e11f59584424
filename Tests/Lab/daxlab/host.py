"""A guest that is a host as provisioning meets it: Debian on a disk that outlives reboots, reached by SSH."""
import contextlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from daxlab import guest
from daxlab.machine import Machine

DISK = "3G"
# More boots than any play needs: a guest whose kernel panics reboots as well, and must not do so for ever.
BOOTS = 4
NETWORK = "[Match]\nType=ether\n\n[Network]\nAddress=10.0.2.15/24\nLinkLocalAddressing=no\n"
LOGIN = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
         "-o", "BatchMode=yes", "-o", "ConnectTimeout=20")


@dataclass
class Host(Machine):
    """A machine that starts what is on its disk, and no script."""
    disk: Path = None
    port: int = 0

    def image(self):
        return guest.base(self.kernel, "host-init").image()

    def emulator(self):
        """As of every machine of the lab, with a disk and a network device."""
        return super().emulator() + [
            "-drive", f"file={self.disk},if=none,id=disk,format=raw,cache=unsafe",
            "-device", "virtio-blk-pci,bus=pcie.0,drive=disk",
            "-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:22",
            "-device", "virtio-net-pci,bus=pcie.0,netdev=net,romfile=",
        ]

    @contextlib.contextmanager
    def running(self, consoles):
        """The guest while the body runs; the console of each boot goes to a file in the directory `consoles`."""
        with tempfile.TemporaryDirectory(prefix="daxswitch-lab.") as scratch:
            power = Power(self.command(Path(scratch, "initramfs")), consoles)
            power.start()
            try:
                yield power
            finally:
                power.off()


class Power(threading.Thread):
    """Runs QEMU again as often as the guest reboots: over a reset it keeps committed decoders, as no hardware does."""

    def __init__(self, command, consoles):
        super().__init__(daemon=True)
        self.command, self.consoles = command, consoles
        self.boots, self.is_on, self.emulator = 0, True, None
        self.lock = threading.Lock()

    def run(self):
        while self.boots < BOOTS:
            with self.lock:
                if not self.is_on:
                    return
                self.boots += 1
                port = ["-serial", f"file:{self.consoles}/console-{self.boots}.log"]
                self.emulator = subprocess.Popen(self.command + port, stdin=subprocess.DEVNULL)
            if self.emulator.wait():
                return

    def off(self):
        """Ends the guest, and QEMU with it."""
        with self.lock:
            self.is_on = False
        if self.emulator:
            self.emulator.kill()
        self.join()


def free_port():
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def install(tool, root):
    """Puts the tool into a root, with the shared libraries that it needs and the root lacks."""
    shutil.copy(tool, root / "usr/sbin/daxswitch")
    listed = subprocess.run(["ldd", tool], capture_output=True, text=True, check=True).stdout
    for library in map(Path, re.findall(r"(/\S+) \(0x", listed)):
        if not any(root.glob(f"usr/lib/**/{library.name}")):
            shutil.copy(library, root / "usr/local/lib")
    subprocess.run([guest.located("ldconfig"), "-r", root], check=True)


def make_disk(archive, kernel, key, disk, tool=None):
    """A disk with the root of an archive, the kernel's modules, a network, and a key that may log in as root."""
    with tempfile.TemporaryDirectory(prefix="daxswitch-lab.") as scratch:
        root = Path(scratch)
        subprocess.run(["tar", "-C", root, "-xf", archive], check=True)
        shutil.copytree(kernel.modules, root / "usr/lib/modules" / kernel.release)
        (root / "etc/hostname").write_text("lab\n")
        (root / "etc/systemd/network/10-lab.network").write_text(NETWORK)
        wanted = root / "etc/systemd/system/multi-user.target.wants/systemd-networkd.service"
        wanted.unlink(missing_ok=True)
        wanted.symlink_to("/usr/lib/systemd/system/systemd-networkd.service")
        (root / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
        shutil.copy(f"{key}.pub", root / "root/.ssh/authorized_keys")
        root.chmod(0o755)
        if tool:
            install(tool, root)
        subprocess.run([guest.located("mke2fs"), "-q", "-t", "ext4", "-d", root, disk, DISK], check=True,
                       stdout=subprocess.DEVNULL)


def is_reached(port, key, power, limit):
    """Whether the guest lets the key in within `limit` seconds, its start being over."""
    end = time.monotonic() + limit
    command = ["ssh", "-i", key, "-p", str(port), *LOGIN, "root@127.0.0.1", "systemctl is-system-running --wait"]
    while time.monotonic() < end and power.is_alive():
        # 1 is that a unit failed, 255 is ssh's own.
        if subprocess.run(command, capture_output=True).returncode in (0, 1):
            return True
        time.sleep(1)
    return False
