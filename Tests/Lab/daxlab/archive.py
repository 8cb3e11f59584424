"""Packages of another Debian suite, through an apt state of the lab's own.

The machine's own apt knows where its Debian archive is and which key signs it. The lab takes that
entry, changes the name of the suite, and keeps lists and caches in its own directory: the machine's
apt is neither changed nor asked to follow a further suite.
"""
import os
import re
import subprocess
import sys
import time
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from daxlab import cache

ATTEMPTS = 4


class ArchiveError(Exception):
    """The archive can't be found, reached or trusted."""


def run(command, **options):
    """Runs a command and returns what it prints; its failure is an ArchiveError with its last words."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise ArchiveError(f"{' '.join(command[:1] + command[-2:])} ended {done.returncode}:\n{tail}")
    return done.stdout


def retried(command, **options):
    """As run, but tries again after a pause: mirrors answer with passing errors."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return run(command, **options)
        except ArchiveError:
            if attempt == ATTEMPTS:
                raise
            time.sleep(5 * attempt)


def own_state(directory, *more):
    """The options that give apt its lists and caches in a directory of the lab's."""
    for name in ("lists/partial", "cache/archives/partial"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    options = [f"Dir::State::lists={directory}/lists", f"Dir::Cache={directory}/cache",
               # As root, apt would fetch as a user who may not write below the cache.
               f"APT::Sandbox::User={'root' if os.geteuid() == 0 else ''}", "Acquire::Retries=3",
               "Acquire::Languages=none", *more]
    return [word for option in options for word in ("-o", option)]


def signing_key(entry):
    """The Signed-By value of a source entry, given as apt names it: FILE:LINE, or FILE:STANZA for deb822."""
    path, number = entry.rsplit(":", 1)
    text = Path(path).read_text()
    if path.endswith(".sources"):
        uncommented = "".join(line for line in text.splitlines(True) if not line.startswith("#"))
        stanzas = [stanza for stanza in re.split(r"\n\s*\n", uncommented) if stanza.strip()]
        found = re.search(r"^Signed-By:(.*(?:\n[ \t].*)*)", stanzas[int(number) - 1], re.MULTILINE | re.IGNORECASE)
    else:
        found = re.search(r"\[[^]]*signed-by=([^\s\]]+)", text.splitlines()[int(number) - 1])
    return found[1].rstrip() if found else None


def machine_entry():
    """(address, suite, signing key) of the Debian archive that this machine's apt follows.

    apt itself reads the sources, in either of their formats, and the signed Release file says who
    published the suite: third-party sources, security and backports are told apart by that.
    """
    query = ["indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(RELEASE)|$(REPO_URI)|$(SOURCESENTRY)",
             "Created-By: Packages"]
    own = own_state(cache.directory("apt", "machine"))
    for options, refresh in (([], False), (own, True)):
        if refresh:  # no lists on this machine yet: fetch them to our own place; other sources may fail
            subprocess.run(["apt-get", *options, "update"], capture_output=True)
        for line in run(["apt-get", *options, *query]).splitlines():
            origin, label, component, suite, address, entry = line.split("|")
            if (origin, label, component) == ("Debian", "Debian", "main") and "-" not in suite:
                return address, suite, signing_key(entry)
    raise ArchiveError("apt on this machine follows no Debian archive (Origin: Debian, component main)")


class Archive:
    """Some suites of the machine's Debian archive; '{}' in a suite's name stands for the machine's own suite."""

    def __init__(self, *suites):
        address, own_suite, key = machine_entry()
        self.suites = [suite.format(own_suite) for suite in suites]
        self.directory = cache.directory("apt", "+".join(self.suites))
        sources = self.directory / "lab.sources"
        sources.write_text(f"Types: deb\nURIs: {address}\nSuites: {' '.join(self.suites)}\nComponents: main\n"
                           + (f"Signed-By: {key}\n" if key else ""))
        self.options = own_state(self.directory, f"Dir::Etc::sourcelist={sources}", "Dir::Etc::sourceparts=/dev/null")

    def update(self):
        """Fetches the package lists."""
        # Without this error mode a list that can't be fetched is only a warning to apt.
        retried(["apt-get", *self.options, "-o", "APT::Update::Error-Mode=any", "update"])

    def names(self, prefix):
        """The names of all packages that begin with prefix."""
        return run(["apt-cache", *self.options, "pkgnames", prefix]).split()

    def dependencies(self, package):
        """The names that a package's Depends field holds."""
        shown = run(["apt-cache", *self.options, "--no-all-versions", "show", package])
        found = re.search(r"^Depends: (.*)$", shown, re.MULTILINE)
        return re.findall(r"(?:^|[,|] *)([^\s,|]+)", found[1]) if found else []

    def download(self, packages, directory):
        """Downloads packages into directory; apt checks them against the signed lists."""
        retried(["apt-get", *self.options, "download", *packages], cwd=directory)
        return sorted(Path(directory).glob("*.deb"))

    def install(self, suite, packages):
        """Installs packages from one of the suites on this machine (as root)."""
        retried(["apt-get", *self.options, "-o", "DPkg::Lock::Timeout=600", "install", "-y", "--no-install-recommends",
                 "-t", suite.format(self.suites[0]), *packages])


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: archive.py SUITE PACKAGE...: install packages of another suite; '{}' is the machine's own")
    try:
        archive = Archive("{}", sys.argv[1])
        archive.update()
        archive.install(archive.suites[1], sys.argv[2:])
    except ArchiveError as error:
        sys.exit(f"archive: {error}")
