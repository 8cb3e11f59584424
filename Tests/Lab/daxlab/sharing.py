"""Which cases share a guest: booting one takes longer than most cases."""
from daxlab.results import Results

# What stands between the scripts of two cases: see guest/functions.sh.
NEXT = "\nnext_case\n"


def guests(cases):
    """The cases of each guest, as tuples; those of one have the same platform and kernel parameters."""
    found = {}
    for case in cases:
        key = (case.platform_name, case.parameters) if case.leaves_as_found or case.may_follow else case
        found.setdefault(key, []).append(case)
    return [guest for sharing in found.values() for guest in divided(sharing)]


def divided(cases):
    """Cases of one platform: one guest for those that leave it as they found it and one more, one for each other."""
    quiet = [case for case in cases if case.leaves_as_found]
    others = [case for case in cases if not case.leaves_as_found]
    first = (*quiet, *others[:1])
    return [first, *((case,) for case in others[1:])]


def script_of(cases):
    """The script of a guest."""
    return NEXT.join(case.script for case in cases)


def have_ended(results, count):
    """Whether so many cases, or boots of a case, came to their ends."""
    return results.finished and sum(step.name.endswith("-finished") for step in results.steps) >= count


def divide(directories):
    """Moves the steps of each case into its directory; they all are in that of the last case.

    A guest that broke off sent fewer: the case that it was at has no last step, and those behind it have none at all.
    """
    steps = Results(directories[-1]).steps
    for directory in directories[:-1]:
        while steps:
            step = steps.pop(0)
            step.rename(directory / step.name)
            if step.name.endswith("-finished"):
                break
