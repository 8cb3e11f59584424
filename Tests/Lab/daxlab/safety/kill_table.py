"""What `recover` brought after every kill, as a section of docs/safety-table.md."""
from daxlab.safety.kills import LINE, lines_of

HEAD = """
## Killed while at work

`apply` is killed with SIGKILL at every line that it writes into its journal and in the middle of every step, on a host
whose region is locked; then `daxswitch recover --yes` runs. A kill is counted as right where the owner is the one before or
the one that was to be, a second `recover` finds nothing to do, and at the end the pattern in the memory is whole. The case
`reboots-hmem` has the host go down within every step instead.

| run | kernel | kills | to the owner before | to the new owner | anything else | verdict |
|---|---|---|---|---|---|---|
"""


def section(verdicts, out):
    """The rows of the cases that were run, each with its verdict."""
    return HEAD + "".join(f"{row(verdict, out / verdict.kernel / verdict.case)}\n" for verdict in verdicts)


def row(verdict, directory):
    """One case: how many kills there were, and what came of them."""
    word = f"failed: {verdict.why.splitlines()[0]}" if verdict.why else "passed"
    kind, policy = verdict.case.split("-")
    if kind != "kills":
        return f"| reboot within `apply {policy}` | {verdict.kernel} | | | | | {word} |"
    found = [LINE.search(line) for line in lines_of(directory)]
    owners = [match[2] if match and match[3] == "closed" else "" for match in found]
    new, before = owners.count(policy), owners.count({"hmem": "cxl", "cxl": "hmem"}[policy])
    other = len(owners) - new - before
    return f"| `apply {policy}` | {verdict.kernel} | {len(owners)} | {before} | {new} | {other} | {word} |"
