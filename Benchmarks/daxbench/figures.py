"""A figure with its peer and what is to be reached, and the table of them."""
from dataclasses import dataclass


def instructions(number):
    """A count of instructions, in millions."""
    return f"{number / 1e6:.1f} M"


def seconds(number):
    """A time in the unit that a person would choose."""
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if number * factor >= 1 or unit == "µs":
            value = number * factor
            return f"{value:.0f} {unit}" if value >= 100 else f"{value:.{1 if value >= 10 else 2}f} {unit}"


def mebibytes(number):
    """Bytes."""
    return f"{number / 2 ** 20:.1f} MiB"


@dataclass
class Figure:
    """What was measured: the tool's, and that of the peer in the same run.

    What is to be reached is a ratio to the peer; without a peer it is a value in the unit of the figure.
    """
    what: str
    ours: float
    unit: object = seconds
    peer: float | None = None
    peer_name: str = ""
    reach: float | None = None

    @property
    def ratio(self):
        return None if self.peer is None else self.ours / self.peer

    @property
    def is_met(self):
        """None where nothing is to be reached."""
        if self.reach is None:
            return None
        return (self.ours if self.peer is None else self.ratio) <= self.reach

    @property
    def cells(self):
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        reach = "" if self.reach is None else f"≤ {self.unit(self.reach) if self.peer is None else self.reach}"
        peer = self.peer_name if self.peer is None else f"{self.peer_name}: {self.unit(self.peer)}"
        return [self.what, self.unit(self.ours), peer, ratio, reach, {True: "yes", False: "no", None: ""}[self.is_met]]


HEADER = ["figure", "daxswitch", "peer", "ratio", "target", "met"]


def text(figures):
    """The table for a terminal."""
    rows = [HEADER] + [[cell.replace("`", "") for cell in figure.cells] for figure in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def markdown(figures):
    """The table for docs/performance.md."""
    rows = [HEADER, ["---", "---:", "---", "---:", "---", "---"]] + [figure.cells for figure in figures]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
