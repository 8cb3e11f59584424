"""ACPI tables that a platform's firmware has in place of QEMU's, where the kernel under test finds them.

The kernel takes a table before its initramfs if its revision is higher than that of the firmware's
(drivers/acpi/tables.c: acpi_table_initrd_scan()).
"""
import stat
import struct

from daxlab.initramfs import record

# What QEMU writes into its tables. A table takes the place of one by the same maker, and of a lower revision.
MAKER = (b"BOCHS ", b"BXPC    ", 2, b"LAB ", 1)
PROCESSORS = 2
ENABLED = 1


def tables(platform, memory):
    """An archive to put before the initramfs; nothing if the platform's SRAT is QEMU's. `memory` is its size."""
    if not platform.proximity:
        return b""
    contents = {"SRAT": srat(platform.proximity, memory), "HMAT": table(b"HMAT", 2, bytes(4))}
    return b"".join(record(number, f"kernel/firmware/acpi/{name}.aml", stat.S_IFREG | 0o644, content)
                    for number, (name, content) in enumerate(contents.items(), 1)) + record(0, "TRAILER!!!", 0, b"")


def table(signature, revision, body):
    """A table with its header (ACPI specification 5.2.6)."""
    length = 36 + len(body)
    content = bytearray(struct.pack("<4sIBB6s8sI4sI", signature, length, revision, 0, *MAKER) + body)
    content[9] = -sum(content) & 0xff
    return bytes(content)


def srat(ranges, memory):
    """Each range is a proximity domain of its own; the rest of the memory below `memory` is domain 0."""
    domains = [(0, start, size) for start, size in rest(ranges, memory)]
    domains += [(number, range_.start, range_.size) for number, range_ in enumerate(ranges, 1)]
    processors = b"".join(struct.pack("<BBBBIB3sI", 0, 16, 0, number, ENABLED, 0, bytes(3), 0)
                          for number in range(PROCESSORS))
    memories = b"".join(struct.pack("<BBIHQQIIQ", 1, 40, domain, 0, start, size, 0, ENABLED, 0)
                        for domain, start, size in domains)
    return table(b"SRAT", 1, struct.pack("<I8s", 1, bytes(8)) + processors + memories)


def rest(ranges, memory):
    """(start, size) of what the ranges leave of the memory."""
    start = 0
    for range_ in sorted(ranges, key=lambda range_: range_.start):
        if range_.start >= memory:
            break
        if range_.start > start:
            yield start, range_.start - start
        start = range_.end + 1
    if start < memory:
        yield start, memory - start
