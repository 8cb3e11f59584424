"""What a case is: a platform, a script for the guest, and a judge."""
from collections.abc import Callable
from dataclasses import dataclass

from daxlab.machine import OFFLINE
from daxlab.platforms import PLATFORMS, WIRED

BOTH = ("coordinated", "6.12")
MODULAR = ("modular",)
BUILTIN = ("builtin",)
EVERY_SHAPE = MODULAR + BUILTIN


@dataclass(frozen=True)
class Case:
    """One case; the judge gets the results and the rules that the kernel follows, and raises Failure.

    It may return a sentence about what it saw and did not judge, which is printed beside the verdict.
    """
    name: str
    platform_name: str
    script: str
    judge: Callable
    # The rules of the kernels that it runs on, and which of their drivers may be part of the image.
    kernels: tuple = BOTH
    shapes: tuple = MODULAR
    needs_tool: bool = True
    # `main` cases run with the suite; the others take long and run with `make lab`.
    group: str = "main"
    # Scripts of the boots after the first: each begins with the files that the boot before handed over.
    later_boots: tuple = ()
    # The script has the kernel under test start itself again by kexec: the guest has what that takes.
    restarts: bool = False
    # The script leaves the machine as `start_udev` left it: others can follow in the same guest.
    leaves_as_found: bool = False
    # It changes the machine, and can follow such cases: it does nothing before `start_udev` that matters.
    may_follow: bool = False
    # Added to the command line of the kernel under test.
    parameters: str = OFFLINE
    # The same for the boots after the first, where it changes.
    later_parameters: str = ""

    def __post_init__(self):
        # A guest is run as its last case wants it.
        if self.leaves_as_found and (self.later_boots or self.restarts):
            raise ValueError(f"{self.name} boots again, so it can't share a guest")

    @property
    def platform(self):
        return (PLATFORMS | WIRED)[self.platform_name]

    def selected_by(self, name):
        """Whether a name on the command line means this case: its own, or the group it belongs to."""
        return self.name == name or self.name.startswith(f"{name}-")

    def runs_on(self, kernel):
        """Whether it is a case for a kernel."""
        return kernel.rules in self.kernels and kernel.shape in self.shapes
