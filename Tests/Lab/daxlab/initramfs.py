"""Root file systems for guests, as the archive format that the kernel unpacks at boot (cpio, newc)."""
import re
import stat
import subprocess
from pathlib import Path

MERGED = ("bin", "sbin", "lib", "lib64")


class Initramfs:
    """A tree in memory, laid out as Debian's: /bin, /sbin, /lib and /lib64 are links into /usr."""

    def __init__(self):
        self.entries = {}
        for name in MERGED:
            self.directory(f"/usr/{name}")
            self.link(f"/{name}", f"usr/{name}")
        for name in ("dev", "etc", "proc", "root", "run", "sys", "tmp", "var/lib"):
            self.directory(f"/{name}")

    def add(self, path, mode, content):
        """Puts an entry at a path, with the directories above it."""
        parts = Path(path).parts[1:]
        if parts[0] in MERGED and len(parts) > 1:
            parts = ("usr", *parts)
        for depth in range(1, len(parts)):
            self.entries.setdefault("/".join(parts[:depth]), (stat.S_IFDIR | 0o755, b""))
        self.entries["/".join(parts)] = (mode, content)

    def directory(self, path):
        """An empty directory."""
        self.add(path, stat.S_IFDIR | 0o755, b"")

    def link(self, path, target):
        """A symbolic link."""
        self.add(path, stat.S_IFLNK | 0o777, target.encode())

    def text(self, path, text):
        """A file with that text."""
        self.add(path, stat.S_IFREG | 0o644, text.encode())

    def copy(self, source, path=None):
        """A copy of a file, at its own path unless another is named."""
        source = Path(source)
        mode = 0o755 if source.stat().st_mode & 0o111 else 0o644
        self.add(str(path or source), stat.S_IFREG | mode, source.read_bytes())

    def tree(self, source, path):
        """A copy of every file below a directory."""
        for file in sorted(Path(source).rglob("*")):
            if file.is_file():
                self.copy(file, f"{path}/{file.relative_to(source)}")

    def program(self, source, path=None):
        """A copy of a program, with the shared libraries that it is linked with."""
        self.copy(source, path)
        listed = subprocess.run(["ldd", source], capture_output=True, text=True).stdout
        missing = re.findall(r"(\S+) => not found", listed)
        if missing:
            raise FileNotFoundError(f"{source} needs {', '.join(missing)}, which this machine lacks")
        for library in re.findall(r"(/\S+) \(0x", listed):
            self.copy(library)

    def image(self):
        """The whole tree as a cpio archive."""
        return b"".join(record(number, path, mode, content)
                        for number, (path, (mode, content)) in enumerate(self.entries.items(), 1)) \
            + record(0, "TRAILER!!!", 0, b"")


def record(number, path, mode, content):
    """One entry: a header of fixed hexadecimal fields, the name and the content, each padded to four bytes."""
    name = path.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
    header = b"070701" + b"".join(b"%08x" % field for field in fields)
    return padded(header + name) + padded(content)


def padded(data):
    """Data with zeroes up to a multiple of four bytes."""
    return data + b"\0" * (-len(data) % 4)
