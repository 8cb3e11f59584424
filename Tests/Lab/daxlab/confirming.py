"""`apply --confirm-within` on a guest with systemd: confirmed, not confirmed, and killed, judged by /proc/iomem."""
import contextlib
import json
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from daxlab.host import LOGIN, Host, free_port, is_reached, make_disk
from daxlab.platforms import PLATFORMS
from daxlab.results import Failure
from daxlab.runner import Verdict, summary, tail

BOOT_LIMIT = 240
# The shortest time that the tool takes; a guest takes some seconds for the steps.
WITHIN = 30
MEMORY = re.compile(r"^ *(5d|5e|6c)[0-9a-f]{7}-", re.IGNORECASE)


class Login:
    """Commands over SSH, each in a session of its own that is gone when the command has ended."""

    def __init__(self, key, port):
        self.command = ["ssh", "-i", str(key), "-p", str(port), *LOGIN]

    def run(self, command, terminal=False):
        """What a command printed, its exit code, and what it complained about."""
        ended = subprocess.run([*self.command, *(["-tt"] if terminal else []), "root@127.0.0.1", command],
                               stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        return ended.stdout, ended.returncode, ended.stderr

    def tool(self, arguments, code=0):
        """The JSON document of a run of the tool, which has to end with `code`."""
        printed, ended, complaint = self.run(f"daxswitch {arguments} --json")
        check(ended == code, f"daxswitch {arguments} ended {ended}, not {code}: {complaint.strip()}")
        try:
            return json.loads(printed)
        except ValueError:
            raise Failure(f"daxswitch {arguments} printed no JSON: {printed[:200]!r}") from None

    def memory(self):
        """The lines of /proc/iomem about CXL memory, names of dax devices aside, and the loaded modules."""
        printed, _, _ = self.run("cat /proc/iomem; cut -d' ' -f1 /proc/modules | grep -E '^(cxl_acpi|dax_)' | sort")
        lines = [line for line in printed.splitlines() if MEMORY.match(line) or not re.match(r"^ *[0-9a-f]+-", line)]
        return [re.sub(r"dax\d+\.\d+", "daxN", line) for line in lines]

    def timers(self):
        """The timers that would roll a run back, and services that do it."""
        printed, _, _ = self.run("systemctl list-units --all --plain --no-legend 'daxswitch-confirm-*' | grep -v ' inactive '")
        return printed.split("\n")[:-1]

    def wait_for(self, condition, limit, what):
        """Asks every two seconds until it holds."""
        end = time.monotonic() + limit
        while not condition():
            check(time.monotonic() < end, f"{what} did not come within {limit} s")
            time.sleep(2)


def check(holds, sentence):
    """A judge's condition."""
    if not holds:
        raise Failure(sentence)


def owned_by(memory, owner):
    """Whether the lines show that owner: windows are there only while cxl_acpi is bound."""
    has_window = any("CXL Window" in line for line in memory)
    return has_window == (owner == "cxl") and any("daxN" in line for line in memory)


def outcomes(login):
    """The records of the history as command and outcome."""
    return [(record["command"], record["outcome"]) for record in login.tool("history")["records"]]


def confirmed(login):
    """Confirmed in time: the run stays, also after the time."""
    document = login.tool(f"apply hmem --yes --confirm-within {WITHIN}s")
    check(document["awaiting_confirmation"]["seconds_left"] > WITHIN - 3, "the time does not begin after the last step")
    check(len(login.timers()) == 1, f"not one timer: {login.timers()}")
    check(login.tool("status")["awaiting_confirmation"]["command"] == "daxswitch confirm", "status names no command")
    login.tool("apply cxl --yes", 75)
    login.tool("recover --yes", 75)
    check(login.tool("confirm")["outcome"] == "confirmed", "not confirmed")
    check(login.timers() == [], f"a timer is left: {login.timers()}")
    time.sleep(WITHIN + 5)
    check(owned_by(login.memory(), "hmem"), f"not hmem's: {login.memory()}")
    check(login.tool("confirm")["outcome"] == "already-confirmed", "not confirmed before")
    check(outcomes(login)[-1] == ("confirm", "confirmed"), f"the history has {outcomes(login)[-1]}")


def not_confirmed(login):
    """Nobody confirms it, and the terminal is gone: rolled back by the timer."""
    before = login.memory()
    _, code, complaint = login.run(f"daxswitch apply cxl --yes --confirm-within {WITHIN}s", terminal=True)
    check(code == 0, f"apply ended {code}: {complaint}")
    check(owned_by(login.memory(), "cxl"), "not cxl's after apply")
    login.wait_for(lambda: login.tool("status")["awaiting_confirmation"] is None, WITHIN + 30, "the roll-back")
    login.wait_for(lambda: login.memory() == before, 30, "the state before")
    check(login.tool("confirm", 1)["outcome"] == "rolled-back", "confirm does not say that it was too late")
    check(outcomes(login)[-1] == ("confirm", "rolled-back"), f"the history has {outcomes(login)[-1]}")
    check(login.timers() == [], f"a unit is left: {login.timers()}")
    login.tool("verify hmem")


def undone(login):
    """Rolled back by hand before the time is over: the timer is gone."""
    before = login.memory()
    login.tool(f"apply cxl --yes --confirm-within {WITHIN}s")
    check(login.tool("recover --undo --yes", 1)["outcome"] == "undone", "not undone")
    check(login.memory() == before, "not as before")
    check(login.timers() == [], f"a timer is left: {login.timers()}")


def killed(login):
    """apply is killed with SIGKILL within the run: the timer rolls back what was done."""
    before = login.memory()
    # The journal of the run before has ended steps as well.
    login.run(f"rm /run/daxswitch/journal; setsid daxswitch apply cxl --yes --confirm-within {WITHIN}s >/dev/null 2>&1 </dev/null & "
              "until grep -qs step-ended /run/daxswitch/journal; do sleep 0.02; done; pkill -9 -x daxswitch")
    check(login.memory() != before, "nothing was done when it was killed")
    check(login.tool("status")["unfinished"], "status does not show the run that was cut off")
    login.wait_for(lambda: not login.tool("status")["unfinished"], WITHIN + 60, "the roll-back")
    check(login.memory() == before, "not as before")
    check(outcomes(login)[-1] == ("confirm", "rolled-back"), f"the history has {outcomes(login)[-1]}")


SITUATIONS = (confirmed, not_confirmed, undone, killed)


@contextlib.contextmanager
def host(kernel, archive, tool, out):
    """A guest with systemd and the tool, with a login as root, while the body runs."""
    with tempfile.TemporaryDirectory(prefix="daxswitch-lab.") as scratch:
        key, disk = Path(scratch, "key"), Path(scratch, "disk")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        make_disk(archive, kernel, key, disk, tool)
        port = free_port()
        with Host(PLATFORMS["locked"], kernel, "", disk=disk, port=port).running(out) as power:
            if not is_reached(port, key, power, BOOT_LIMIT):
                raise Failure(f"the guest was not reached; the end of its console:\n{tail(out / 'console-1.log')}")
            yield Login(key, port)


def confirm(kernel, archive, tool, results):
    """Every situation, one after the other in one guest; prints a line for each and returns the exit code."""
    out = results / kernel.name / "confirm"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    verdicts = []
    with host(kernel, archive, tool, out) as login:
        for situation in SITUATIONS:
            start = time.monotonic()
            why = ""
            try:
                situation(login)
            except (Failure, subprocess.TimeoutExpired) as failure:
                why = str(failure)
            verdicts.append(Verdict(kernel.name, f"confirm-{situation.__name__}", time.monotonic() - start, why))
            print(verdicts[-1], flush=True)
            if why:
                break
    return summary(verdicts)
