"""The command line of the lab."""
import argparse
import os
import sys
from pathlib import Path

from daxlab import cache, kernels, provisioning, recording
from daxlab.archive import ArchiveError
from daxlab.cases import CASES
from daxlab.runner import Options, run_all, summary
from daxlab.safety import at_once, table
from daxlab.safety.situations import SITUATIONS
from daxlab.scenarios import SCENARIOS


def add_limits(command):
    """How many guests run at a time, and for how long."""
    command.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1),
                         help="guests at a time (default: %(default)s)")
    command.add_argument("--timeout", type=int, default=600,
                         help="seconds until a guest counts as hung (default: %(default)s)")


def add_resume(command):
    """Whether a run that was cut off goes on."""
    command.add_argument("--resume", action="store_true",
                         help="keep what guests sent in an earlier run with the same tool and kernel")


def parser():
    """The commands and their options."""
    top = argparse.ArgumentParser(
        prog="lab", description="Boots real kernels with emulated CXL memory and judges daxswitch.")
    commands = top.add_subparsers(dest="command", required=True)

    run = commands.add_parser("run", help="run cases and judge them")
    run.add_argument("--tool", type=Path, help="the daxswitch binary; without it only cases that need none are run")
    run.add_argument("--policies", type=Path,
                     help="a directory of policies for the guest's /usr/share/daxswitch/policies")
    run.add_argument("--kernel", action="append", choices=list(kernels.WISHES),
                     help="only this kernel; may be repeated")
    run.add_argument("--case", action="append", metavar="NAME",
                     help="only this case, or this group of cases; may be repeated")
    run.add_argument("--group", action="append", choices=sorted({case.group for case in CASES} | {"all"}),
                     help="the cases of this group, where none are named (default: main); may be repeated")
    run.add_argument("--out", type=Path, help="where the results go (default: the cache)")
    add_resume(run)
    add_limits(run)

    record = commands.add_parser("record", help="record machines for the replay tests of the suite")
    record.add_argument("--kernel", action="append", choices=[*kernels.WISHES, *kernels.RECORDED],
                        help="only on this kernel; may be repeated")
    record.add_argument("--scenario", action="append", choices=list(SCENARIOS),
                        help="only this scenario; may be repeated")
    record.add_argument("--out", type=Path, default=recording.CAPTURES,
                        help="where the recordings go (default: Tests/Captures)")
    add_limits(record)

    safety = commands.add_parser("safety", help="run the dangerous situations and write docs/safety-table.md")
    safety.add_argument("--tool", type=Path, required=True, help="the daxswitch binary")
    safety.add_argument("--policies", type=Path, help="a directory of policies for the guests")
    safety.add_argument("--kernel", action="append", choices=list(kernels.WISHES),
                        help="only this kernel; may be repeated")
    safety.add_argument("--situation", action="append", choices=[situation.name for situation in SITUATIONS],
                        help="only this one, without writing the table; may be repeated")
    safety.add_argument("--case", action="append", choices=sorted({case.name for case in table.KILLED}),
                        help="only these kills, in a table of them alone; may be repeated")
    safety.add_argument("--rounds", type=int, default=at_once.ROUNDS,
                        help="how often two runs begin at once (default: %(default)s)")
    safety.add_argument("--only", action="append", choices=list(table.TITLES),
                        help="only this section of the table; the others stay as they are; may be repeated")
    safety.add_argument("--out", type=Path, help="where the results go (default: the cache)")
    add_resume(safety)
    add_limits(safety)

    provision = commands.add_parser("provision", help="run Ansible over SSH against guests with a Debian root")
    provision.add_argument("--playbook", type=Path, required=True, help="the program ansible-playbook")
    provision.add_argument("--plays", type=Path, required=True, help="the directory of the plays")
    provision.add_argument("--archive", type=Path, required=True, help="a Debian root as a tar archive")
    provision.add_argument("--package", type=Path, required=True, help="the package that the plays install")
    provision.add_argument("--kernel", action="append", choices=list(kernels.WISHES),
                           help="only this kernel; may be repeated")
    provision.add_argument("--out", type=Path, help="where the results go (default: the cache)")
    provision.add_argument("--timeout", type=int, default=900,
                           help="seconds until a play counts as hung (default: %(default)s)")

    commands.add_parser("list", help="list the cases")
    fetch = commands.add_parser("kernels", help="fetch the kernels")
    fetch.add_argument("--refresh", action="store_true", help="look for newer ones than those in the cache")
    return top


def selected(names, groups, with_tool):
    """The cases that were asked for, by name or else by group, that can be run."""
    for name in names or []:
        if not any(case.selected_by(name) for case in CASES):
            sys.exit(f"lab: there is no case {name}; `lab list` lists them")
    chosen = [case for case in CASES if any(case.selected_by(name) for name in names or [])
              or not names and (case.group in groups or "all" in groups)]
    if with_tool:
        return chosen
    without = [case for case in chosen if not case.needs_tool]
    if names and len(without) < len(chosen):
        sys.exit("lab: these cases need --tool: " + ", ".join(case.name for case in chosen if case.needs_tool))
    return without


def run(options):
    """lab run: boots, judges, prints."""
    for path in (options.tool, options.policies):
        if path and not path.exists():
            sys.exit(f"lab: {path} does not exist")
    cases = selected(options.case, options.group or ["main"], options.tool)
    if not options.tool and not options.case:
        print("without --tool, the cases that need it are left out")
    wanted = options.kernel or list(kernels.WISHES)
    there = [kernels.kernel(name) for name in wanted if any(name in case.kernels for case in cases)]
    print(f"kernels: {', '.join(kernel.release for kernel in there)}; results: {results_directory(options)}", flush=True)
    return summary(run_all(cases, there, run_options(options)))


def results_directory(options):
    """Where results go: where the command line says, else the cache."""
    return (options.out or cache.directory("results")).absolute()


def run_options(options):
    """How guests are run, from the command line."""
    return Options(options.tool, options.policies, results_directory(options), options.jobs, options.timeout,
                   options.resume)


def main():
    """Runs a command and returns the exit code."""
    options = parser().parse_args()
    try:
        if options.command == "run":
            return run(options)
        if options.command == "record":
            wanted = options.kernel or [*kernels.WISHES, *kernels.RECORDED]
            return recording.record_all([SCENARIOS[name] for name in options.scenario or SCENARIOS], wanted,
                                        options.out.absolute(), options.jobs, options.timeout)
        if options.command == "safety":
            there = [kernels.kernel(name) for name in options.kernel or kernels.WISHES]
            sections = ["situations"] if options.situation else ["kills"] if options.case else \
                options.only or list(table.TITLES)
            return table.write(there, run_options(options), sections, options.situation or options.case,
                               options.rounds)
        if options.command == "provision":
            there = [kernels.kernel(name) for name in options.kernel or kernels.WISHES]
            return provisioning.provision(there, options.playbook, options.plays.absolute(), options.archive,
                                          options.package.absolute(), results_directory(options), options.timeout)
        if options.command == "list":
            for case in CASES:
                print(f"{case.name:28} {case.group:8} {case.platform.name:15} {', '.join(case.kernels)}")
            return 0
        for name in kernels.WISHES:
            kernel = kernels.kernel(name, options.refresh)
            print(f"{name}: {kernel.release} in {kernel.root}")
        return 0
    except (ArchiveError, FileNotFoundError) as error:
        sys.exit(f"lab: {error}")
    except KeyboardInterrupt:
        return 130
