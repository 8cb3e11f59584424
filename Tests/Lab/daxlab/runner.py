"""Runs cases, some at a time, and prints a line for each."""
import hashlib
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from daxlab import checks, sharing
from daxlab.machine import EmulatorError, Machine
from daxlab.results import Failure, Results, unpack

CONSOLE_TAIL = 25


@dataclass
class Options:
    """How cases are run."""
    tool: str
    policies: str
    out: Path
    jobs: int
    timeout: int
    # Keeps what guests have sent that an earlier run saw to their end, with the same tool, script and kernel.
    resume: bool = False


@dataclass
class Verdict:
    """What came of one case on one kernel; `why` is empty where it passed."""
    kernel: str
    case: str
    seconds: float
    why: str
    # The rules that the kernel follows.
    rules: str = ""
    # What the judge of a case that passed tells of it.
    told: str = ""

    def __str__(self):
        outcome, more = ("FAIL", self.why) if self.why else ("PASS", self.told)
        return f"{outcome} {self.kernel}/{self.case} {self.seconds:.0f} s" + (f": {more}" if more else "")


def run_all(cases, kernels, options):
    """Runs every case on each of its kernels that is among those given. Returns the verdicts."""
    work = [(guest, kernel) for kernel in kernels
            for guest in sharing.guests([case for case in cases if case.runs_on(kernel)])]
    verdicts = []
    for found in in_order(lambda pair: run_together(*pair, options), work, options.jobs):
        for verdict in found:
            print(verdict, flush=True)
            verdicts.append(verdict)
    return verdicts


def in_order(function, items, jobs):
    """What a function makes of each item, some at a time, in their order. An interrupt leaves out what has not begun."""
    with ThreadPoolExecutor(jobs) as pool:
        try:
            yield from pool.map(function, items)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def run_together(cases, kernel, options):
    """Boots one guest for these cases and lets the judge of each read what it sent. Returns the verdicts."""
    directories = [options.out / kernel.name / case.name for case in cases]
    start, failure = time.monotonic(), None
    try:
        boot_together(cases, kernel, options, directories)
    except Exception as error:  # also a full disk: these cases fail, the others go on
        failure = error
    seconds = time.monotonic() - start
    return [verdict_of(case, kernel, seconds, directory, failure, "" if case is cases[-1] else cases[-1].name)
            for case, directory in zip(cases, directories)]


def verdict_of(case, kernel, seconds, directory, failure, guest):
    """What the judge makes of a case in the guest of another one, or of its own if `guest` is empty.

    If the guest fails later, a case that came to its end is judged anyway.
    """
    told = ""
    try:
        results = Results(directory)
        if failure and not (guest and results.finished):
            raise failure
        checks.healthy(results)
        told = case.judge(results, kernel.rules) or ""
        why = ""
    except (Failure, EmulatorError) as error:
        why = str(error)
    except Exception as error:  # a judge that stumbles over what it reads: the case fails, the others go on
        what = "the guest could not be run" if error is failure else "the judge could not read the results"
        why = f"{what}: {type(error).__name__}: {error}"
    if guest:
        told, why = (told or f"in the guest of {guest}"), (why and f"in the guest of {guest}: {why}")
    return Verdict(kernel.name, case.name, seconds, why, kernel.rules, told)


def boot(case, kernel, options, directory):
    """What the guest sent, which is run for it unless that is there already. A complaint of its kernel is a failure."""
    boot_together((case,), kernel, options, (directory,))
    results = Results(directory)
    checks.healthy(results)
    return results


def boot_together(cases, kernel, options, directories):
    """Has a guest run unless what it sent is in the directories of the cases already."""
    run = identity(cases, kernel, options)
    marks = [directory / "done" for directory in directories]
    if options.resume and all(mark.exists() and mark.read_text() == run for mark in marks):
        return
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
    try:
        run_guest(cases, kernel, options, directories[-1])
    finally:
        sharing.divide(directories)
    for mark in marks:
        mark.write_text(run)


def identity(cases, kernel, options):
    """What is run, as a digest."""
    last = cases[-1]
    digest = hashlib.sha256(repr((sharing.script_of(cases), last.later_boots, last.parameters, last.later_parameters,
                                  kernel.release)).encode())
    policies = sorted(options.policies.glob("*.toml")) if options.policies else []
    for path in filter(None, (kernel.image, options.tool, *policies)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def run_guest(cases, kernel, options, directory):
    """Runs the guest, boot after boot, and unpacks what it sent. A guest that hangs or breaks off is a failure."""
    case, files, results = cases[-1], {}, Results(directory)
    for number, script in enumerate((sharing.script_of(cases), *case.later_boots), 1):
        if number > 1:
            checks.healthy(results)
        console, stream = directory / f"console{'' if number == 1 else f'-{number}'}.log", directory / "stream"
        # Steps are numbered on, so all boots of a case read as one story; a kernel that kexec started begins later.
        script = f"step=$((step + {len(results.steps)}))\n{script}"
        parameters = number > 1 and case.later_parameters or case.parameters
        machine = Machine(case.platform, kernel, script, options.tool, options.policies, parameters, files=files,
                          restarts=case.restarts)
        in_time = machine.run(console, stream, options.timeout)
        results = unpack(stream, directory)
        stream.unlink()
        if not in_time or not sharing.have_ended(results, len(cases) + number - 1):
            what = "broke off" if in_time else f"was not done after {options.timeout} s"
            raise Failure(f"the guest {what} in boot {number}; the end of its console:\n{tail(console)}")
        files = results.handed_over()


def tail(console):
    """The last lines of a console, indented."""
    lines = console.read_text(errors="replace").splitlines() if console.exists() else []
    return "\n".join(f"    {line}" for line in lines[-CONSOLE_TAIL:])


def summary(verdicts):
    """The closing line, and the exit code."""
    failed = sum(1 for verdict in verdicts if verdict.why)
    print(f"{len(verdicts) - failed} passed, {failed} failed")
    sys.stdout.flush()
    return 1 if failed else 0
