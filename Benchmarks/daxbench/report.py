"""What `make bench` writes: the tables of docs/performance.md, and the figures of guests."""
import datetime
import json
import os
import re
import subprocess

from daxbench import figures
from daxbench.figures import Figure, mebibytes
from daxbench.place import DOCUMENT
from daxbench.processes import has_openat2

BEGIN, END = "<!-- {}: written by `make bench` -->", "<!-- end of {} -->"


def guest_figures(path):
    """What the lab's case `bench` measured in a guest; none where it did not run."""
    if path is None:
        return []
    result = []
    for row in json.loads(path.read_text())["rows"]:
        name, peer, reach = row["name"], row.get("peer", ""), row.get("reach")
        if "ours_kib" in row:
            result.append(Figure(f"{name}, in a guest", row["ours_kib"] * 1024, mebibytes, row["peer_kib"] * 1024, peer, reach))
        else:
            result.append(Figure(f"{name}, in a guest", row["ours_ms"] / 1000, figures.seconds, row["peer_ms"] / 1000, peer,
                                 reach))
    return result


def guest_note(path):
    """When and where the figures of guests were measured; an older run of the lab did not note it."""
    return f"Measured {json.loads(path.read_text()).get('measured', 'before the lab noted when and where')}."


def machine():
    """The machine that it ran on, in words."""
    model = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
    memory = re.search(r"MemTotal:\s*(\d+)", open("/proc/meminfo").read())
    name = re.search(r'PRETTY_NAME="?([^"\n]*)', open("/etc/os-release").read())
    swift = subprocess.run(["swift", "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    version = re.search(r"Swift version (\S+)", swift)
    return (f"{datetime.date.today()}; {os.cpu_count()} × {model[1] if model else 'unknown processor'}, "
            f"{int(memory[1]) // 2 ** 20} GiB; Linux {os.uname().release}, {name[1]}; Swift {version[1] if version else '?'}")


def notes():
    """What a reader of the figures must know about this run."""
    remarks = [f"Measured {machine()}."]
    if not has_openat2():
        remarks.append("Instructions are counted by a valgrind that has no openat2(2) (before 3.22): under it the tool "
                       "walks each path by itself, so the counts of `status` and `plan` are above those of a real run.")
    return "\n".join(remarks)


def write(parts):
    """Puts {mark: text} between the marks of docs/performance.md."""
    text = DOCUMENT.read_text()
    for name, part in parts.items():
        begin, end = BEGIN.format(name), END.format(name)
        pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
        if not pattern.search(text):
            raise SystemExit(f"bench: {DOCUMENT.name} has no marks for {name}")
        text = pattern.sub(lambda _: f"{begin}\n{part}\n{end}", text)
    DOCUMENT.write_text(text)
