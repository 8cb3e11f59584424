"""What the tool costs beside the commands that it replaces: one guest, one run, the median of several rounds."""
import datetime
import json
import os
import re
from dataclasses import dataclass
from statistics import median

from daxlab.case import Case
from daxlab.checks import check, owned
from daxlab.platforms import INSIDE

ROUNDS = 5
MODULES = ("cxl_acpi", "cxl_pci", "cxl_mem", "dax_hmem", "dax_cxl")

# What an administrator would type, in the order of the policies. Without a line that keeps cxl_acpi out, loading dax_hmem
# loads it again.
THERE = """
modprobe -r dax_cxl
modprobe -r dax_hmem
mkdir -p /run/modprobe.d
printf 'softdep cxl_acpi pre:\\ninstall cxl_acpi /bin/false\\n' > /run/modprobe.d/00-by-hand.conf
modprobe -r cxl_acpi
modprobe dax_hmem
"""

BACK = """
modprobe -r dax_hmem
rm /run/modprobe.d/00-by-hand.conf
""" + "".join(f"modprobe {module}\n" for module in MODULES)

DRY_RUNS = "".join(f"    clock plan:peer modprobe -n -v {module}\n" for module in MODULES)

SCRIPT = f"""
start_udev
cat > /lab/there <<'end'
{THERE}end
cat > /lab/back <<'end'
{BACK}end
# clock NAME COMMAND...: the times of a round are added up
clock() {{
    name=$1
    shift
    stopwatch /run/times $round:$name "$@" || echo "$* ended $?"
}}
# rest NAME: udev has nothing to do, and the kernel's work items are over
rest() {{
    clock rest-$1 udevadm settle --timeout=60
    sleep 1
}}
for round in $(seq 0 {ROUNDS}); do
    clock start:ours daxswitch --version
    clock start:peer modprobe --version
    clock status:ours daxswitch status
    clock status:peer cxl list -v
    clock status:peer daxctl list -R
    clock memory:ours daxswitch status
    clock memory:peer cxl list
    clock plan:ours daxswitch plan hmem
{DRY_RUNS}
    clock hmem:ours daxswitch apply hmem --yes
    rest hmem:ours
    [ $round != 0 ] || cap hmem
    clock cxl:ours daxswitch apply cxl --yes
    rest cxl:ours
    [ $round != 0 ] || cap cxl
    clock hmem:peer sh /lab/there
    rest hmem:peer
    [ $round != 0 ] || cap hmem-by-hand
    clock cxl:peer sh /lab/back
    rest cxl:peer
    [ $round != 0 ] || cap cxl-by-hand
done
cap end
run times cat /run/times
"""


@dataclass
class Row:
    """One figure: the tool's and the peer's, and the ratio that is to be reached."""
    key: str
    name: str
    peer: str
    reach: float

    def members(self, ours, peer):
        """What docs/performance.md takes."""
        unit = "kib" if self.key == "memory" else "ms"
        return {"name": self.name, "peer": self.peer, f"ours_{unit}": round(ours, 1), f"peer_{unit}": round(peer, 1),
                "ratio": round(ours / peer, 2), "reach": self.reach}


ROWS = (
    Row("start", "`--version`", "`modprobe --version`", None),
    Row("status", "`status`", "`cxl list -v` and `daxctl list -R`", 1.0),
    Row("memory", "`status`, peak memory", "`cxl list`", None),
    Row("plan", "`plan hmem`", "five `modprobe -n -v`", 1.0),
    Row("hmem", "`apply hmem`", "`modprobe -r` and `modprobe` by hand", 2.5),
    Row("cxl", "`apply cxl`", "`modprobe -r` and `modprobe` by hand", 2.5),
    Row("rest-hmem", "`apply hmem`, until udev is at rest", "the same by hand", None),
    Row("rest-cxl", "`apply cxl`, until udev is at rest", "the same by hand", None),
)


def measured(text):
    """{(key, side): [one figure per round]}: milliseconds, added up, or the peak memory in KiB. Round 0 warms up."""
    rounds = {}
    for line in text.splitlines():
        name, clock, _, memory, code = line.split()
        number, key, side = name.split(":")
        check(code == "0", f"{name} ended {code}")
        figures = rounds.setdefault((key, side), {})
        if key == "memory":
            figures[number] = max(figures.get(number, 0), int(memory))
        else:
            figures[number] = figures.get(number, 0) + int(clock) / 1000
    return {what: [figure for number, figure in figures.items() if number != "0"] for what, figures in rounds.items()}


def judge(results, kernel):
    """Every command did its work; the table is printed, and written beside the results as bench.json."""
    for way in ("", "-by-hand"):
        owned(results.capture(f"hmem{way}"), {INSIDE: "hmem"})
        owned(results.capture(f"cxl{way}"), {INSIDE: "cxl"})
    owned(results.capture("end"), {INSIDE: "cxl"})
    figures = measured(results.command("times").stdout)
    for key in ("hmem", "cxl"):
        for side in ("ours", "peer"):
            figures[f"rest-{key}", side] = [sum(both) for both in zip(figures[key, side], figures[f"rest-{key}", side])]
    rows = [row.members(median(figures[row.key, "ours"]), median(figures[row.key, "peer"])) for row in ROWS]
    release = results.capture("end").read("proc/sys/kernel/osrelease")
    (results.directory / "bench.json").write_text(json.dumps({"measured": where(release), "rows": rows}, indent=2) + "\n")
    for row in rows:
        ours, peer = ((row.get(f"{side}_ms"), row.get(f"{side}_kib")) for side in ("ours", "peer"))
        print(f"{row['name']:36} {text(*ours):>12} {row['peer']:38} {text(*peer):>12} {row['ratio']:>6.2f}"
              + (f", to reach {row['reach']}" if row["reach"] else ""))


def where(release):
    """When and on what it was measured, in words; `release` is the guest's kernel."""
    model = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
    return (f"{datetime.date.today()}; Linux {release} in an emulated guest on "
            f"{os.cpu_count()} × {model[1] if model else 'an unknown processor'}")


def text(milliseconds, kibibytes):
    """A figure with its unit."""
    return f"{milliseconds:.0f} ms" if kibibytes is None else f"{kibibytes / 1024:.1f} MiB"


CASES = [Case("bench", "locked", SCRIPT, judge, kernels=("coordinated",), group="bench")]
