"""Ansible over SSH against guests with a Debian root: each play on a machine of its own.

The plays are those of the collection's tests; they judge for themselves, and a play that fails is a failure.
"""
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from daxlab.host import Host, free_port, is_reached, make_disk
from daxlab.platforms import PLATFORMS
from daxlab.results import Failure
from daxlab.runner import Verdict, summary, tail

# Each play: the platform by kernel, and who owns the memory at its start. Before 7.1 no kernel lets a region go live,
# so there the memory is one that no driver has.
PLAYS = {
    "live": {"coordinated": ("locked", "cxl"), "6.12": ("unassembled", "none")},
    "persisted": {"coordinated": ("unlocked", "cxl"), "6.12": ("unlocked", "cxl")},
}
BOOT_LIMIT = 240
SSH = ("-o ControlMaster=auto -o ControlPersist=60 -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no "
       "-o LogLevel=ERROR")


def provision(kernels, playbook, plays, archive, package, results, timeout):
    """Runs every play on every kernel, one guest at a time, and prints a line for each; returns the exit code."""
    verdicts = []
    for kernel in kernels:
        for name, machines in PLAYS.items():
            platform, owner = machines[kernel.name]
            start = time.monotonic()
            out = results / kernel.name / f"ansible-{name}"
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir(parents=True)
            try:
                run(kernel, PLATFORMS[platform], [playbook, plays / f"{name}.yml", "-e", f"package={package}",
                                                  "-e", f"owner={owner}"], archive, out, timeout)
                why = ""
            except Failure as failure:
                why = str(failure)
            verdicts.append(Verdict(kernel.name, f"ansible-{name}", time.monotonic() - start, why))
            print(verdicts[-1], flush=True)
    return summary(verdicts)


def run(kernel, platform, command, archive, out, timeout):
    """One guest and its play."""
    with tempfile.TemporaryDirectory(prefix="daxswitch-lab.") as scratch:
        key, disk, inventory = (Path(scratch, part) for part in ("key", "disk", "inventory"))
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        make_disk(archive, kernel, key, disk)
        port = free_port()
        inventory.write_text(f"guest ansible_host=127.0.0.1 ansible_port={port} ansible_user=root "
                             f"ansible_ssh_private_key_file={key} ansible_python_interpreter=/usr/bin/python3\n")
        environment = {**os.environ, "ANSIBLE_SSH_ARGS": SSH, "ANSIBLE_SSH_CONTROL_PATH_DIR": f"{scratch}/ssh",
                       "ANSIBLE_PIPELINING": "true", "ANSIBLE_TIMEOUT": "60"}
        with Host(platform, kernel, "", disk=disk, port=port).running(out) as power:
            if not is_reached(port, key, power, BOOT_LIMIT):
                raise Failure(f"the guest was not reached; the end of its console:\n{tail(out / 'console-1.log')}")
            with open(out / "play.log", "w") as log:
                try:
                    code = subprocess.run([*command, "-i", inventory], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                          env=environment, timeout=timeout).returncode
                except subprocess.TimeoutExpired:
                    raise Failure(f"the play was not done after {timeout} s:\n{tail(out / 'play.log')}") from None
        if code:
            raise Failure(f"the play failed:\n{tail(out / 'play.log')}")
