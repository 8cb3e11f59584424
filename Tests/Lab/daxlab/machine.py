"""One run of QEMU: a platform, a kernel and a guest, watched through its serial ports."""
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from daxlab import firmware, guest
from daxlab.topology import MEBIBYTE

MEMORY_MEBIBYTES = 1024
MEMORY = f"{MEMORY_MEBIBYTES}M"
QUIET = "console=ttyS0 quiet panic=-1"
# Hosts of the lab keep hotplugged memory offline: online, it could not be taken back.
OFFLINE = "memhp_default_state=offline"
# What the guest's init says before the script; until then no code under test has run, and a guest that stands still
# does so because the emulator lost a timer interrupt or a processor's start. Seen once in about sixty boots.
BEGUN = "lab: the script begins"
TIMER_LOST = "Possible timer handling issue"
BOOT_LIMIT = 120
BOOTS = 3
# What ends a program for its own fault. No guest may cause that, so it says nothing about the guest; its
# emulation of CXL memory does, once in some hundred boots.
FAULTS = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE)


class EmulatorError(Exception):
    """QEMU could not run the guest, or was ended from outside."""


class EmulatorCrash(EmulatorError):
    """QEMU crashed, and the guest with it."""


@dataclass
class Machine:
    """A guest about to run; `parameters` are added to the command line of the kernel under test."""
    platform: object
    kernel: object
    script: str
    tool: str = None
    policies: str = None
    parameters: str = OFFLINE
    # The kernel that plays the firmware, where the one under test can't.
    first_kernel: object = None
    # More files for the guest: the bytes by path.
    files: dict = field(default_factory=dict)
    # Whether the guest has its own kernel, to start it by kexec.
    restarts: bool = False

    def run(self, console, stream, timeout, *more_ports):
        """Boots, and returns whether the guest switched itself off in time.

        console and stream are the files that its first two serial ports write to, its console and its results;
        more_ports are the ends of others, as QEMU names them. A boot that the emulator lost, or in which it crashed
        itself, is said so and done again from the start; never one that the guest ended, whatever became of it.
        """
        with tempfile.TemporaryDirectory(prefix="daxswitch-lab.") as scratch:
            command = self.command(Path(scratch, "initramfs"))
            for port in (f"file:{console}", f"file:{stream}", *more_ports):
                command += ["-serial", port]
            for boot in range(1, BOOTS + 1):
                try:
                    in_time = watched(command, console, timeout)
                    if not lost(console, in_time):
                        return in_time
                    failure = "the emulator lost the guest"
                except EmulatorCrash as crash:
                    failure = str(crash)
                if boot == BOOTS:
                    raise EmulatorError(f"no boot of {BOOTS} went through; the last: {failure}; see {console}")
                print(f"{self.kernel.release} {self.platform.name}: {failure}; booted again", flush=True)

    def command(self, initial):
        """QEMU's command line but for the serial ports; the initramfs is written to `initial`."""
        command_line = " ".join(filter(None, (QUIET, self.parameters,
                                              self.platform.command_line())))
        image = self.image()
        booted = self.kernel
        if self.platform.regions:
            booted = self.first_kernel or self.kernel
            image = guest.playing_firmware(booted, self.kernel, self.platform, command_line, image)
            # The registers of the decoders are to be written.
            command_line = f"{QUIET} iomem=relaxed"
        initial.write_bytes(image)
        return self.emulator() + ["-kernel", str(booted.image), "-initrd", str(initial), "-append", command_line]

    def image(self):
        """The initramfs of the kernel under test."""
        tables = firmware.tables(self.platform, MEMORY_MEBIBYTES * MEBIBYTE)
        return tables + guest.under_test(self.kernel, self.script, self.tool, self.policies, self.files, self.restarts)

    def emulator(self):
        """QEMU's arguments for the platform.

        The processor is emulated and hides that it is: where a kernel sees a hypervisor it commits no
        region, as it can't flush the caches. Memory devices are found only with a NUMA node described.
        """
        return [
            guest.located("qemu-system-x86_64"), "-accel", "tcg,thread=multi", "-cpu", "max,-hypervisor", "-smp", "2",
            "-M", f"q35,cxl=on{self.platform.topology.machine_options()}",
            "-m", f"{MEMORY},maxmem=16G,slots=4", "-object", f"memory-backend-ram,id=ram0,size={MEMORY}",
            "-numa", "node,nodeid=0,memdev=ram0,cpus=0-1",
            *self.platform.topology.arguments(),
            "-display", "none", "-no-reboot", "-nodefaults",
        ]


def watched(command, console, timeout):
    """Runs QEMU until it ends (True), or kills it at the timeout or where the guest is lost (False)."""
    start = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as emulator:
        try:
            while True:
                try:
                    emulator.wait(1)
                    break
                except subprocess.TimeoutExpired:
                    passed = time.monotonic() - start
                    if passed > timeout or passed > BOOT_LIMIT and lost(console, False):
                        return False
            if -emulator.returncode in FAULTS:
                raise EmulatorCrash(f"QEMU crashed ({signal.Signals(-emulator.returncode).name})")
            if emulator.returncode:
                raise EmulatorError(f"QEMU ended {emulator.returncode}: {emulator.stderr.read().strip()[-500:]}")
            return True
        finally:
            emulator.kill()


def lost(console, ended):
    """Whether the emulator lost the guest: its timer stopped, or it never came to the script, also where it ended."""
    text = console.read_text(errors="replace") if console.exists() else ""
    return BEGUN not in text or TIMER_LOST in text and not ended
