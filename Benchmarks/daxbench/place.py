"""Where things are, and the recorded machines that are measured."""
import tarfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
DOCUMENT = REPOSITORY / "docs/performance.md"
PICTURE = REPOSITORY / "docs/scaling.svg"
BUDGET = REPOSITORY / "Benchmarks/budget.json"
ORDER = REPOSITORY / "Tools/function-order.txt"
# Where `make lab` leaves the results of its case `bench`.
LAB_RESULTS = REPOSITORY / ".build/lab"

# The machines of the fleet, in Tests/Captures/7.3.4; the first moment of the first is the machine of single figures.
SCENARIOS = ("locked-switch", "auto-reload", "no-region", "auto-kmem", "auto-devdax")


def roots(directory):
    """The recorded moments of some machines, unpacked below a directory."""
    found = []
    for scenario in SCENARIOS:
        place = directory / scenario
        with tarfile.open(REPOSITORY / "Tests/Captures/7.3.4" / f"{scenario}.tgz") as archive:
            archive.extractall(place, filter="tar")
        found += sorted(path.parent for path in place.rglob("proc") if path.parent.name[:2].isdigit())
    return found


def files(root):
    """All files of a recorded machine."""
    return [str(path) for path in sorted(root.rglob("*")) if path.is_file()]
