"""The command line of the benchmarks."""
import argparse
import os
import sys
import tempfile
from pathlib import Path

from daxbench import budget, figures, fleet, functions, order, processes, report, scaling
from daxbench.place import PICTURE, REPOSITORY, roots

PARTS = ("processes", "functions", "fleet")


def parser():
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="bench", description="Measures daxswitch beside what it is compared with.")
    top.add_argument("--tool", default=str(REPOSITORY / ".build/release/daxswitch"), help="the release build")
    commands = top.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="measure, print the table, and write docs/performance.md")
    run.add_argument("--only", action="append", choices=PARTS, help="only this part; may be repeated")
    run.add_argument("--write", action="store_true",
                     help="with --only, write the tables of docs/performance.md that were measured whole")
    run.add_argument("--hosts", type=int, default=10_000, help="machines in the fleet (default: %(default)s)")
    run.add_argument("--runs", type=int, default=40, help="runs of a short command (default: %(default)s)")
    run.add_argument("--guest", type=Path, help="the bench.json of the lab's case (default: the newest in its cache)")
    commands.add_parser("check-budget", help="compare the instructions with Benchmarks/budget.json")
    commands.add_parser("write-budget", help="record the instructions in Benchmarks/budget.json")
    commands.add_parser("write-order", help="record the order of functions in Tools/function-order.txt")
    return top


def newest_guest():
    """The newest figures of the lab's case `bench`; None if it has not run."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    cache = Path(os.environ.get("DAXSWITCH_LAB_CACHE") or f"{base}/daxswitch-lab")
    found = sorted(cache.glob("results/*/bench/bench.json"), key=lambda path: path.stat().st_mtime)
    return found[-1] if found else None


def run(options, tool, scratch):
    """Measures, prints, writes."""
    parts = options.only or PARTS
    machines = roots(scratch)
    recorded, of_functions, plans = [], [], {}
    if "processes" in parts:
        recorded += processes.figures(tool, machines[0], options.runs)
    if "functions" in parts:
        plans = functions.planning()
        of_functions = [functions.parsing()] + functions.planning_figures(plans)
    if "fleet" in parts:
        recorded += fleet.figures(tool, machines, options.hosts, scratch)
    of_guest = options.guest or newest_guest()
    guest = report.guest_figures(of_guest)
    if not guest:
        print("bench: no figures of guests: `Tests/Lab/lab run --case bench` makes them", file=sys.stderr)
    everything = recorded + of_functions + guest
    print(report.notes() + "\n\n" + figures.text(everything))
    if any(figure.is_met is False for figure in everything):
        print("\nThe reasons for missed targets are in docs/performance.md.")
    if options.only and not options.write:
        return 0
    written = {}
    # A table is written whole: what was not measured now stays as it was.
    if "processes" in parts and "fleet" in parts:
        written["figures"] = report.notes() + "\n\n" + figures.markdown(recorded)
    if of_functions:
        PICTURE.write_text(scaling.picture(plans))
        written["figures of functions"] = (
            f"Measured {report.machine()}.\n\n{figures.markdown(of_functions)}\n\n"
            f"![Time of a plan by the number of Soft Reserved ranges]({PICTURE.name})")
    # Guests take the lab; without it the figures of the last time stay.
    if guest:
        written["figures of guests"] = f"{report.guest_note(of_guest)}\n\n{figures.markdown(guest)}"
    report.write(written)
    return 0


def main():
    options = parser().parse_args()
    tool = processes.tool_path(options.tool)
    directory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    try:
        # A fixed length: the instructions grow with the paths.
        with tempfile.TemporaryDirectory(prefix="bench-", dir=directory) as name:
            scratch = Path(name)
            if options.command == "run":
                return run(options, tool, scratch)
            machines = roots(scratch)
            if options.command == "write-order":
                print(f"order: {order.write(tool, machines):,} functions")
                return 0
            root = machines[0]
            if options.command == "write-budget":
                for name, count in budget.write(tool, root).items():
                    print(f"budget: {name}: {figures.instructions(count)}")
                return 0
            return 0 if budget.check(tool, root) else 1
    except processes.Unmeasured as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 1
