"""Where the lab keeps what it downloads and builds: outside the checkout, safe to delete at any time."""
import contextlib
import fcntl
import os
from pathlib import Path

LAB = Path(__file__).resolve().parent.parent


def root():
    """The cache directory: DAXSWITCH_LAB_CACHE, else the user's cache directory."""
    chosen = os.environ.get("DAXSWITCH_LAB_CACHE")
    if not chosen:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        chosen = os.path.join(base, "daxswitch-lab")
    path = Path(chosen).absolute()
    path.mkdir(parents=True, exist_ok=True)
    return path


def directory(*names):
    """A directory below the cache, made if needed."""
    path = root().joinpath(*names)
    path.mkdir(parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def locked(name):
    """Holds the cache's lock of that name, so two labs at once don't fetch or build the same thing."""
    with open(root() / f".{name}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
