"""What a task shows: owners before and after, and hazards in words."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type


def owners(document):
    """A line for each range of a status or a plan: its addresses, and its owner or possible owners."""
    lines = []
    for part in document["ranges"]:
        # The owner is null if the recording does not show it.
        found = part["owners"] if "owners" in part else [part["owner"] or "unknown"]
        lines.append("%s-%s %s\n" % (part["start"], part["end"], " or ".join(found)))
    return "".join(lines)


def owners_diff(before, after):
    """The owners of every range, as diff mode shows them."""
    return {"before_header": "owners before", "after_header": "owners after",
            "before": owners(before), "after": owners(after)}


def files_diff(document, read):
    """The files that persist writes or removes; `read` gives the present text of a path, empty where it is not there."""
    return [{"before_header": change["path"], "after_header": change["path"],
             "before": read(change["path"]), "after": change["text"] or ""}
            for change in document["files"] if change["action"] != "keep"]


def hazards(found):
    """The hazards in words, each with its fix."""
    return "; ".join("%s (%s): %s. Fix: %s" % (one["id"], one["subject"], one["why"], one["way_out"])
                     for one in found)


def differences(subject, document):
    """What a verification found, in one text."""
    found = [one["what"] for one in document["differences"]]
    return "daxswitch verify %s: %d %s: %s" % (
        subject, len(found), "difference" if len(found) == 1 else "differences", "; ".join(found))


def failure(command, document):
    """Why a command did not end well, in one text."""
    parts = []
    if document.get("error"):
        parts.append(document["error"]["message"])
    if document.get("hazards"):
        parts.append(hazards(document["hazards"]))
    parts += [one["what"] for one in document.get("differences", [])]
    ended = "would be refused" if document["outcome"] == "dry-run" else document["outcome"]
    return "daxswitch %s: %s: %s" % (command, ended, "; ".join(parts) or "no reason was given")
