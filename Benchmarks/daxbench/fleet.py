"""`plan --json` over many recorded machines beside `cat` of all their files."""
import subprocess

from daxbench.figures import Figure, mebibytes
from daxbench.place import files
from daxbench.processes import measured


def figures(tool, machines, hosts, scratch):
    """Time and memory over `hosts` machines; a recording is read again where there are fewer. Their files come from memory
    for both."""
    chosen = [machines[index % len(machines)] for index in range(hosts)]
    of_root = {root: files(root) for root in machines}
    listing, names = scratch / "hosts", scratch / "files"
    names.write_text("\0".join(name for root in chosen for name in of_root[root]))
    costs = []
    for count in (hosts // 10, hosts):
        listing.write_text("\n".join(map(str, chosen[:count])) + "\n")
        costs.append(measured([tool, "plan", "hmem", "--json", "--root", f"@{listing}"]))
    with names.open() as stream:
        cat = measured(["xargs", "-0", "cat"], stdin=stream)
    peer = f"`cat` of the {sum(len(of_root[root]) for root in chosen):,} files"
    return [
        Figure(f"`plan --json` of {hosts:,} machines, processor time", costs[1].processor, peer=cat.processor,
               peer_name=peer, reach=1.3),
        Figure(f"`plan --json` of {hosts:,} machines, on the clock", costs[1].clock, peer=cat.clock, peer_name=peer),
        Figure(f"peak memory with {hosts:,} machines, of one process", costs[1].memory, mebibytes,
               peer=costs[0].memory, peer_name=f"with {hosts // 10:,}", reach=1.1),
    ]
