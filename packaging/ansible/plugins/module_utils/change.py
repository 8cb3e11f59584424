"""What one task asks of daxswitch, and what came of it."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.daxswitch.daxswitch.plugins.module_utils.tool import Tool, ToolError, root_option
from ansible_collections.daxswitch.daxswitch.plugins.module_utils import wording


class Change(object):
    """One run of the module: `make` does it, `result` says what came of it, also where it broke off."""

    def __init__(self, module):
        self.module = module
        self.wanted = module.params
        self.tool = Tool(module, self.wanted["executable"])
        self.changed = False
        self.members = {}
        self.diffs = []

    def make(self):
        """Carries the task out, or in check mode finds what it would do."""
        self.members["hazards"] = []
        if self.wanted["state"] == "verified":
            self.verify()
            return
        before = self.status()
        self.check_finished(before)
        proposed = None
        if self.wanted["state"] != "applied" or self.wanted["persist"]:
            # First: what can't be persisted is refused before anything on the running host is changed.
            proposed = self.ended("persist", ["--dry-run"] + self.persist_options(), self.wanted["policy"])
        if self.wanted["state"] == "applied":
            if self.module.check_mode:
                self.preview(before)
            else:
                self.apply(before)
        if proposed:
            self.persist(proposed)
        if not self.module.check_mode:
            self.tell(self.status())

    def tell(self, status):
        """What a task returns of the machine as it is then."""
        self.members["ranges"] = status["ranges"]
        self.members["unfinished"] = status.get("unfinished", [])
        self.members["reboot_required"] = self.reboot_required(status["next_boot"])

    def verify(self):
        """Compares the machine with the policy or saved plan, and changes nothing; a difference fails the task."""
        status = self.status()
        self.tell(status)
        self.members["findings"] = status.get("findings", [])
        code, document = self.tool.run("verify", self.root(), self.wanted["policy"])
        self.members["differences"] = document["differences"]
        if code:
            raise ToolError("differs", wording.differences(self.wanted["policy"], document), code, document)

    @staticmethod
    def reboot_required(next_boot):
        """Whether a reboot leads to other owners; None while an initramfs or the boot loader does not have what is persisted."""
        pending = next_boot.get("pending_images") or next_boot.get("pending_entries")
        return None if pending else next_boot["differs"]

    def result(self):
        """What the task returns."""
        result = dict(self.members, changed=self.changed)
        if self.diffs:
            result["diff"] = self.diffs
        return result

    def status(self):
        """Who owns what now."""
        return self.tool.run("status", self.root())[1]

    def root(self):
        return root_option(self.wanted["root"])

    def check_finished(self, status):
        """Fails over what an earlier run left half done, before anything is changed."""
        self.members["unfinished"] = status.get("unfinished", [])
        for work in self.members["unfinished"]:
            # One that is at work is waited for; a hold is what a policy is about.
            if work["subject"] != "hold" and work["state"] in ("half-done", "damaged", "other-version"):
                raise ToolError("half-done", work["what"], 5)

    def preview(self, before):
        """Check mode: the plan, and its result."""
        code, after = self.tool.run("plan", self.root() + self.apply_options(), self.wanted["policy"])
        self.members["steps"] = after["steps"]
        self.members["ranges"] = after["ranges"]
        self.found(after["hazards"])
        if after["steps"]:
            self.diffs.append(wording.owners_diff(before, after))
        if not self.wanted["root"]:
            # What apply itself would say: it knows which hazards can be accepted, and who owns a policy file.
            self.ended("apply", ["--dry-run"] + self.apply_options(), self.wanted["policy"])
        elif code == 3:
            self.refuse("plan", dict(after, outcome="refused"), 3)
        # Only here: a plan that is refused changes nothing, however many steps it has.
        self.changed = bool(after["steps"])

    def apply_options(self):
        options = ["--offline-memory"] if self.wanted["offline_memory"] else []
        for hazard in self.wanted["accept"]:
            options += ["--accept", hazard]
        return options

    def apply(self, before):
        """The real thing; the owners afterwards are read again, not taken from the plan."""
        try:
            document = self.ended("apply", self.unattended() + self.apply_options(), self.wanted["policy"])
        except ToolError:
            if self.changed:
                self.diffs.append(wording.owners_diff(before, self.status()))
            raise
        self.members["steps"] = document["steps"]
        if document["changed"]:
            self.changed = True
            self.diffs.append(wording.owners_diff(before, self.status()))

    def unattended(self):
        """Changes without asking, and after another daxswitch where one is at work."""
        return ["--yes", "--wait", str(self.wanted["wait"])]

    def persist_options(self):
        return ["--clear"] if self.wanted["state"] == "cleared" else []

    def persist(self, proposed):
        """What modprobe, the initramfs and the boot loader are to do from the next boot on; `proposed` is what a dry run says of it."""
        pending = [one for one in proposed["files"] if one["action"] != "keep"]
        image = proposed["initramfs"]
        rebuilds = bool(self.wanted["update_initramfs"] and image["builder"] and (pending or image["stale"]))
        loader = proposed.get("boot_loader") or {"name": None}
        tells = bool(self.wanted["update_boot_loader"] and loader["name"] and (pending or loader["pending_entries"]))
        self.diffs += wording.files_diff(proposed, self.text)
        if self.module.check_mode:
            self.changed = self.changed or bool(pending) or rebuilds or tells
            return
        options = self.unattended() + self.persist_options() + (["--update-initramfs"] if rebuilds else [])
        options += ["--update-boot-loader"] if tells else []
        document = self.ended("persist", options, self.wanted["policy"])
        self.changed = self.changed or document["changed"]

    @staticmethod
    def text(path):
        try:
            with open(path) as file:
                return file.read()
        except IOError:
            return ""

    def ended(self, command, options, operand):
        """Runs a command that changes something; one that did not end well fails the task with its hazards."""
        code, document = self.tool.run(command, options, operand)
        self.found(document["hazards"])
        if code:
            self.refuse(command, document, code)
        return document

    def found(self, hazards):
        self.members["hazards"] = self.members["hazards"] + [
            one for one in hazards if one not in self.members["hazards"]]

    def refuse(self, command, document, code):
        words = "%s %s" % (command, self.wanted["policy"] or "--clear")
        if self.module.check_mode:
            words += " in check mode"
        # What did not end well may have changed something anyway; a plan has no such member.
        self.changed = self.changed or document.get("changed", False)
        error = document.get("error") or {}
        named = error.get("code") or ", ".join(sorted({one["id"] for one in document["hazards"]})) or document["outcome"]
        raise ToolError(named, wording.failure(words, document), code, document)
