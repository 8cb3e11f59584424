"""The recorded machines in Examples: booted guests that `daxswitch collect` has recorded."""
import tempfile
from pathlib import Path

from daxlab import cache, checks
from daxlab.machine import Machine
from daxlab.platforms import PLATFORMS
from daxlab.results import Failure, unpack
from daxlab.runner import tail

EXAMPLES = cache.LAB.parent.parent / "Examples"
# The file's name, and the platform that it is made of.
PLATFORMS_SHOWN = {"locked": "locked", "unlocked": "unlocked", "two-memories": "mixed-unlocked", "half-covered": "partial"}
SCRIPT = """
start_udev
new_step example
mkdir $directory
daxswitch collect --redact $directory/example.tgz > $directory/stdout 2>&1
send $directory
"""


def record(kernel, tool, out, timeout):
    """Boots each platform and keeps what `collect` has recorded."""
    out.mkdir(parents=True, exist_ok=True)
    for name, platform in PLATFORMS_SHOWN.items():
        with tempfile.TemporaryDirectory(prefix="daxswitch-example.") as scratch:
            console, stream, steps = (Path(scratch, part) for part in ("console", "stream", "steps"))
            steps.mkdir()
            in_time = Machine(PLATFORMS[platform], kernel, SCRIPT, tool, None).run(console, stream, timeout)
            results = unpack(stream, steps)
            if not in_time or not results.finished:
                raise Failure(f"the guest {name} did not come to its end; the last lines of its console:\n{tail(console)}")
            checks.healthy(results)
            step = results.find("example", 1)
            recorded = step / "example.tgz"
            if not recorded.exists():
                raise Failure(f"{name}: collect has recorded nothing: {(step / 'stdout').read_text()}")
            (out / f"{name}.tgz").write_bytes(recorded.read_bytes())
            print(f"{name}: {recorded.stat().st_size} bytes", flush=True)
    return 0
