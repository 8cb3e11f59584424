"""The CXL hardware of a machine: host bridges with a window each, and the memory devices below them."""
from dataclasses import dataclass

MEBIBYTE = 1 << 20
# Where QEMU puts the first CXL window for this much memory; the others follow without a gap.
FIRST_WINDOW = 0x5d0000000
# How big the lab's memory devices are, in MiB.
DEVICE_MEBIBYTES = 512
# Where QEMU puts memory that is plugged in.
PLUGGED = 0x100000000
# Bus numbers of the host bridges: far enough apart for the devices below them.
BUSES = (12, 64, 128, 192)


@dataclass(frozen=True)
class Device:
    """A memory device below a host bridge. Its serial number is its place in the topology, from 1 on."""
    bridge: int = 0
    persistent: bool = False


@dataclass(frozen=True)
class Topology:
    """Host bridges, each with one window of so many MiB; `assembles` gives them decoders that regions need.

    Those whose number is in `bare` have none anyway. `switched` puts the devices below one switch, which needs a single
    host bridge.
    """
    windows: tuple = (4096,)
    devices: tuple = (Device(),)
    assembles: bool = True
    bare: tuple = ()
    # MiB of memory that is plugged in.
    plugged: int = 0
    switched: bool = False

    def window(self, number):
        """Where a window begins."""
        return FIRST_WINDOW + sum(self.windows[:number]) * MEBIBYTE

    def machine_options(self):
        """What QEMU's machine is told of the windows."""
        return "".join(f",cxl-fmw.{number}.targets.0=cxl.{number},cxl-fmw.{number}.size={size}M"
                       for number, size in enumerate(self.windows))

    def arguments(self):
        """QEMU's arguments for the bridges and devices."""
        arguments = ["-object", f"memory-backend-ram,id=plugged,size={self.plugged}M",
                     "-device", "pc-dimm,id=dimm,memdev=plugged,node=0"] if self.plugged else []
        for number in range(len(self.windows)):
            through = "true" if self.assembles and number not in self.bare else "false"
            arguments += ["-device", f"pxb-cxl,bus_nr={BUSES[number]},bus=pcie.0,id=cxl.{number},"
                                     f"hdm_for_passthrough={through}"]
        if self.switched:
            arguments += ["-device", "cxl-rp,port=0,bus=cxl.0,id=root,chassis=0,slot=1",
                          "-device", "cxl-upstream,bus=root,id=switch"]
        for number, device in enumerate(self.devices):
            port = sum(1 for other in self.devices[:number] if other.bridge == device.bridge)
            kind = f"persistent-memdev=memory{number},lsa=label{number}" if device.persistent else \
                f"volatile-memdev=memory{number}"
            if device.persistent:
                arguments += ["-object", f"memory-backend-ram,id=label{number},share=on,size=1M"]
            arguments += [
                "-object", f"memory-backend-ram,id=memory{number},share=on,size={DEVICE_MEBIBYTES}M",
                "-device", f"cxl-downstream,port={port},bus=switch,id=port{number},chassis=0,slot={2 + number}"
                if self.switched else
                f"cxl-rp,port={port},bus=cxl.{device.bridge},id=port{number},chassis=0,slot={2 + number}",
                "-device", f"cxl-type3,bus=port{number},{kind},id=device{number},sn={number + 1}",
            ]
        return arguments
