"""One run of QEMU: a platform, a kernel and a guest, watched through its serial ports."""
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from daxlab import guest

MEMORY = "1G"
QUIET = "console=ttyS0 quiet panic=-1"
# Hosts of the lab keep hotplugged memory offline: online, it could not be taken back.
OFFLINE = "memhp_default_state=offline"


class EmulatorError(Exception):
    """QEMU could not run the guest, or was ended from outside."""


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

    def run(self, ports, timeout):
        """Boots, and returns whether the guest switched itself off in time.

        ports are the ends of its serial ports, as QEMU names them, such as file:PATH: the first is the
        console, the second takes the results.
        """
        command_line = " ".join(filter(None, (QUIET, self.parameters,
                                              self.platform.command_line())))
        image = guest.under_test(self.kernel, self.script, self.tool, self.policies)
        booted = self.kernel
        if self.platform.regions:
            booted = self.first_kernel or self.kernel
            image = guest.playing_firmware(booted, self.kernel, self.platform, command_line, image)
            # The registers of the decoders are to be written.
            command_line = f"{QUIET} iomem=relaxed"
        with tempfile.TemporaryDirectory(prefix="daxswitch-lab.") as scratch:
            initial = Path(scratch, "initramfs")
            initial.write_bytes(image)
            command = self.emulator() + ["-kernel", str(booted.image), "-initrd", str(initial),
                                         "-append", command_line]
            for port in ports:
                command += ["-serial", port]
            try:
                done = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                      timeout=timeout)
            except subprocess.TimeoutExpired:
                return False
        if done.returncode:
            raise EmulatorError(f"QEMU ended {done.returncode}: {done.stderr.strip()[-500:]}")
        return True

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
