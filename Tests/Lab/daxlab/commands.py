"""The command line of the lab."""
import argparse
import os
import random
import sys
from pathlib import Path

from daxlab import building, cache, confirming, examples, guide, kernels, provisioning, recording, walking
from daxlab.archive import ArchiveError
from daxlab.cases import CASES
from daxlab.cases import guide as guide_case
from daxlab.machine import EmulatorError
from daxlab.own_kernel import own_kernel
from daxlab.results import Failure
from daxlab.runner import Options, boot, run_all, summary
from daxlab.safety import at_once, table
from daxlab.safety.situations import SITUATIONS
from daxlab.scenarios import SCENARIOS
from daxlab.trees import RULES, KernelError


def add_limits(command):
    """How many guests run at a time, and for how long."""
    command.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1),
                         help="guests at a time (default: %(default)s)")
    command.add_argument("--timeout", type=int, default=600,
                         help="seconds until a guest counts as hung (default: %(default)s)")


def add_kernels(command, names):
    """Which kernels a command is about."""
    command.add_argument("--kernel", action="append", choices=list(names), help="only this kernel; may be repeated")
    command.add_argument("--kernel-dir", action="append", type=Path, metavar="DIR",
                         help="a kernel of your own: its build tree, or a root in which it is installed; may be repeated")
    command.add_argument("--release", help="the release to use, if several kernels are installed in --kernel-dir")
    command.add_argument("--rules", choices=list(RULES),
                         help="the rules of --kernel-dir, if its drivers are not those of its version")


def chosen_kernels(options, default):
    """The kernels that the command line names, else those of `default`."""
    own = [own_kernel(directory.absolute(), options.release, options.rules) for directory in options.kernel_dir or []]
    return own + [kernels.kernel(name) for name in options.kernel or ([] if own else default)]


def add_resume(command):
    """Whether a run that was interrupted goes on."""
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
    add_kernels(run, kernels.NAMES)
    run.add_argument("--case", action="append", metavar="NAME",
                     help="only this case, or this group of cases; may be repeated")
    run.add_argument("--group", action="append", choices=sorted({case.group for case in CASES} | {"all"}),
                     help="the cases of this group, where none are named (default: main); may be repeated")
    run.add_argument("--out", type=Path, help="where the results go (default: the cache)")
    add_resume(run)
    add_limits(run)

    record = commands.add_parser("record", help="record machines for the replay tests of the suite")
    add_kernels(record, (*kernels.NAMES, *kernels.RECORDED))
    record.add_argument("--scenario", action="append", choices=list(SCENARIOS),
                        help="only this scenario; may be repeated")
    record.add_argument("--out", type=Path, default=recording.CAPTURES,
                        help="where the recordings go (default: Tests/Captures)")
    add_limits(record)

    safety = commands.add_parser("safety", help="run the dangerous situations and write docs/safety-table.md")
    safety.add_argument("--tool", type=Path, required=True, help="the daxswitch binary")
    safety.add_argument("--policies", type=Path, help="a directory of policies for the guests")
    add_kernels(safety, kernels.NAMES)
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

    walk = commands.add_parser("walk", help="load and unload drivers at random, and compare every prediction with what the kernel did")
    walk.add_argument("--tool", type=Path, required=True, help="the daxswitch binary")
    add_kernels(walk, kernels.NAMES)
    walk.add_argument("--seed", type=int, help="the seed of an earlier run, to repeat its walks (default: a new one)")
    walk.add_argument("--walks", type=int, default=len(walking.WALKED), help="how many (default: %(default)s)")
    walk.add_argument("--steps", type=int, default=walking.STEPS, help="how long each is (default: %(default)s)")
    walk.add_argument("--out", type=Path, help="where the captures go (default: the cache)")
    add_limits(walk)

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

    confirm = commands.add_parser("confirm", help="confirm a run in time or not, in a guest with systemd")
    confirm.add_argument("--tool", type=Path, required=True, help="the daxswitch binary")
    confirm.add_argument("--archive", type=Path, help="a Debian root as a tar archive (default: that of test-ansible)")
    confirm.add_argument("--out", type=Path, help="where the results go (default: the cache)")
    tour = commands.add_parser("guide", help="run the commands of docs/guide.md in a guest and write what they print into it")
    tour.add_argument("--tool", type=Path, required=True, help="the daxswitch binary")
    tour.add_argument("--out", type=Path, help="where the results go (default: the cache)")
    add_limits(tour)

    example = commands.add_parser("examples", help="record the machines in Examples again")
    example.add_argument("--tool", type=Path, required=True, help="the daxswitch binary")
    example.add_argument("--out", type=Path, default=examples.EXAMPLES, help="where they go (default: Examples)")
    add_limits(example)

    commands.add_parser("list", help="list the cases")
    fetch = commands.add_parser("kernels", help="fetch Debian's kernels, and list those that were built")
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
    default = [name for name in kernels.WISHES if any(name in case.kernels for case in cases)]
    there = chosen_kernels(options, default)
    print(f"kernels: {', '.join(kernel.release for kernel in there)}; results: {results_directory(options)}", flush=True)
    for kernel in there:
        left_out = [case.name for case in cases if not case.runs_on(kernel)]
        if len(left_out) == len(cases):
            sys.exit(f"lab: none of these cases is about {kernel.release}, a {kernel.shape} kernel with the rules of "
                     f"{kernel.rules}; `lab list` shows what each is about")
        if left_out and (options.kernel or options.kernel_dir):
            print(f"{kernel.release}: {len(left_out)} cases are about other kernels", flush=True)
    return summary(run_all(cases, there, run_options(options)))


def write_guide(options):
    """lab guide: the guide's commands run in a guest, and what they printed is written below each."""
    if not options.tool.exists():
        sys.exit(f"lab: {options.tool} does not exist")
    case, kernel = guide_case.CASES[0], kernels.kernel("coordinated")
    settings = Options(options.tool, None, results_directory(options), 1, options.timeout)
    results = boot(case, kernel, settings, settings.out / kernel.name / case.name)
    guide_case.judge_owners(results)
    outputs = guide.printed(results, guide_case.COMMANDS)
    guide.GUIDE.write_text(guide.written(guide_case.TEXT, guide_case.COMMANDS, outputs))
    print(f"{guide.GUIDE}: {len(outputs)} outputs written")
    return 0


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
            there = chosen_kernels(options, []) or recording.available([*kernels.WISHES, *kernels.RECORDED])
            return recording.record_all([SCENARIOS[name] for name in options.scenario or SCENARIOS], there,
                                        options.out.absolute(), options.jobs, options.timeout)
        if options.command == "walk":
            seed = random.randrange(1 << 31) if options.seed is None else options.seed
            print(f"seed {seed}", flush=True)
            return max(walking.walk_all(kernel, options.tool.absolute(), seed, options.walks, options.steps,
                                        results_directory(options), options.jobs, options.timeout)
                       for kernel in chosen_kernels(options, kernels.WISHES))
        if options.command == "safety":
            there = chosen_kernels(options, kernels.WISHES)
            sections = ["situations"] if options.situation else ["kills"] if options.case else \
                options.only or list(table.TITLES)
            return table.write(there, run_options(options), sections, options.situation or options.case,
                               options.rounds)
        if options.command == "provision":
            there = [kernels.kernel(name) for name in options.kernel or kernels.WISHES]
            return provisioning.provision(there, options.playbook, options.plays.absolute(), options.archive,
                                          options.package.absolute(), results_directory(options), options.timeout)
        if options.command == "confirm":
            archive = options.archive or cache.directory("roots") / "trixie-host.tar"
            if not archive.exists():
                sys.exit(f"lab: {archive} does not exist; make test-ansible makes it")
            return confirming.confirm(kernels.kernel("coordinated"), archive, options.tool.absolute(),
                                      results_directory(options))
        if options.command == "examples":
            return examples.record(kernels.kernel("coordinated"), options.tool.absolute(), options.out, options.timeout)
        if options.command == "guide":
            return write_guide(options)
        if options.command == "list":
            for case in CASES:
                print(f"{case.name:28} {case.group:8} {case.platform.name:15} {', '.join(case.kernels):17} "
                      f"{', '.join(case.shapes)}")
            return 0
        for name in kernels.WISHES:
            kernel = kernels.kernel(name, options.refresh)
            print(f"{name}: {kernel.release} in {kernel.root}")
        for name, (shape, series) in building.NAMES.items():
            there = building.built(shape, series)
            print(f"{name}: {there.release} in {there.root}" if there
                  else f"{name}: not built; Tests/Lab/build-kernel {shape} {series} builds it")
        return 0
    except (ArchiveError, EmulatorError, Failure, KernelError, FileNotFoundError) as error:
        sys.exit(f"lab: {error}")
    except KeyboardInterrupt:
        return 130
