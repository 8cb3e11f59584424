"""What a guest sent: numbered steps, each a snapshot or a command with its output and exit code."""
import io
import json
import re
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from daxlab.capture import Capture

GZIP = b"\x1f\x8b\x08"
STEP = re.compile(r"\d{2,}-")


class Failure(Exception):
    """A judge's verdict: one sentence that says what was wrong."""


@dataclass(frozen=True)
class Command:
    """A command that ran in the guest."""
    step: str
    argv: list
    stdout: str
    stderr: str
    code: int

    def __str__(self):
        return f"step {self.step} ({' '.join(self.argv)})"

    def json(self):
        """Its standard output as JSON."""
        try:
            return json.loads(self.stdout)
        except ValueError as error:
            raise Failure(f"{self}: stdout is not JSON ({error}); it begins {self.stdout[:120]!r}") from error


def name_of(step):
    """The name of a step's directory without its number."""
    return STEP.sub("", step.name, count=1)


class Results:
    """The steps of one run, in order."""

    def __init__(self, directory):
        self.directory = Path(directory)
        # Numbered with at least two digits.
        self.steps = sorted((path for path in self.directory.iterdir() if STEP.match(path.name)),
                            key=lambda path: int(path.name.split("-")[0]))

    def has(self, name):
        """Whether a step of that name happened."""
        return any(name_of(path) == name for path in self.steps)

    def find(self, name, occurrence):
        """The directory of a step, by name and by which one of that name it is."""
        found = [path for path in self.steps if name_of(path) == name]
        if len(found) < occurrence:
            seen = ", ".join(path.name for path in self.steps) or "none"
            raise Failure(f"step {name} (number {occurrence} of that name) did not happen; steps seen: {seen}")
        return found[occurrence - 1]

    @property
    def finished(self):
        """Whether the guest came to the end of its script."""
        return bool(self.steps) and self.steps[-1].name.endswith("-finished")

    def handed_over(self):
        """The files for the next boot, bytes by path."""
        found = [path for path in self.steps if path.name.endswith("-handed-over")]
        if not found:
            return {}
        return {f"/{file.relative_to(found[-1])}": file.read_bytes()
                for file in sorted(found[-1].rglob("*")) if file.is_file()}

    def capture(self, name, occurrence=1):
        """A snapshot by name."""
        return Capture(self.find(name, occurrence))

    def captures(self):
        """All snapshots, in order."""
        return [Capture(path) for path in self.steps if (path / "proc").is_dir()]

    def command(self, name, occurrence=1):
        """A command by its step's name."""
        path = self.find(name, occurrence)
        text = {part: (path / part).read_text(errors="replace") for part in ("argv", "stdout", "stderr", "code")}
        return Command(path.name, text["argv"].splitlines(), text["stdout"], text["stderr"], int(text["code"]))

    def kernel_log(self):
        """The kernel log at the end of the run."""
        logs = [path / "dmesg" for path in self.steps if (path / "dmesg").exists()]
        return logs[-1].read_text(errors="replace") if logs else ""


def unpack(stream, directory):
    """Unpacks a stream of compressed archives, one per step; the last may be cut short by a crash."""
    data = Path(stream).read_bytes()
    while (start := data.find(GZIP)) >= 0:
        member = zlib.decompressobj(wbits=31)
        try:
            content = member.decompress(data[start:])
            data = member.unused_data
        except zlib.error:
            data = data[start + len(GZIP):]
            continue
        if member.eof:
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                archive.extractall(directory, **({"filter": "tar"} if hasattr(tarfile, "tar_filter") else {}))
    return Results(directory)
