"""daxswitch on the managed host: run, and its JSON documents compared with what the collection understands."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

# The versions of the documents that this collection was written for.
SCHEMAS = {"apply": 1, "error": 1, "persist": 1, "plan": 1, "status": 1, "verify": 1, "version": 1}
MISSING = "tool-missing"
TOO_OLD = "tool-too-old"
TOO_NEW = "tool-too-new"
UNREADABLE = "unreadable-output"


def root_option(root):
    """The option that names a recorded machine; none for the running one."""
    # A name that begins with "@" is a list for the program.
    return ["--root=%s" % ("./" + root if root.startswith("@") else root)] if root else []


class ToolError(Exception):
    """daxswitch could not be asked, or ended with an error; `code` is a word for programs."""

    def __init__(self, code, message, exit_code=None, document=None):
        super(ToolError, self).__init__(message)
        self.code = code
        self.message = message
        self.exit_code = exit_code
        self.document = document


class Tool(object):
    """The program, found by name or path, with documents of the versions that are understood."""

    def __init__(self, module, executable):
        self.module = module
        self.path = module.get_bin_path(executable)
        if not self.path:
            raise ToolError(MISSING, "there is no %s on this host: install the package daxswitch, or name the program "
                                     "with executable" % executable)
        self.check_schemas()

    def run(self, command, options=(), operand=None):
        """Runs the program with --json: its exit code, and the document it printed.

        The operand stands behind "--": the user chooses it, and it is never an option, whatever it begins with.
        """
        command = [self.path, command] + list(options) + ["--json"] + ([] if operand is None else ["--", operand])
        code, out, err = self.module.run_command(command, environ_update={"LC_ALL": "C", "NO_COLOR": "1"})
        try:
            document = json.loads(out)
        except ValueError:
            document = None
        if not isinstance(document, dict) or "kind" not in document:
            raise ToolError(UNREADABLE, "%s ended %d without a JSON document: %s"
                            % (" ".join(command), code, err.strip() or out.strip()), code)
        if document.get("schema_version") != SCHEMAS.get(document["kind"]):
            raise ToolError(TOO_NEW, "%s printed a document %s of version %s, and this collection knows version %s"
                            % (" ".join(command), document["kind"], document.get("schema_version"),
                               SCHEMAS.get(document["kind"])), code)
        if document["kind"] == "error":
            error = document["error"]
            raise ToolError(error["code"], error["message"], error["exit_code"], document)
        return code, document

    def check_schemas(self):
        """Whether the documents of this program are those that the collection was written for."""
        try:
            told = self.run("version")[1]["schemas"]
        except ToolError as error:
            if error.code == TOO_NEW:
                raise
            raise ToolError(TOO_OLD, "%s does not say which documents it prints (daxswitch version --json): it is too "
                                     "old for this collection, update it. %s" % (self.path, error.message))
        for kind in sorted(SCHEMAS):
            found = told.get(kind, 0)
            if found < SCHEMAS[kind]:
                raise ToolError(TOO_OLD, "%s prints documents %s of version %s, and this collection needs version %s: "
                                         "update the program" % (self.path, kind, found or "none", SCHEMAS[kind]))
            if found > SCHEMAS[kind]:
                raise ToolError(TOO_NEW, "%s prints documents %s of version %s, and this collection knows version %s: "
                                         "update the collection" % (self.path, kind, found, SCHEMAS[kind]))
