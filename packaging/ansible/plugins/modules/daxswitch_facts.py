#!/usr/bin/python
"""The Ansible facts module: who owns Soft Reserved memory on a host, and what is wrong with it."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: daxswitch_facts
short_description: Gather who owns Soft Reserved memory on a host with CXL, and what is wrong with it
description:
  - Runs C(daxswitch status) on the managed host and returns what it says as facts. Nothing is changed.
version_added: 0.2.0
author: the daxswitch authors (!UNKNOWN)
options:
  root:
    description: >-
      Read the machine that is recorded here instead of the running one: what C(daxswitch collect) made, a sosreport, or a
      text with lines of /proc/iomem.
    type: path
  executable:
    description: Name or path of the program.
    type: str
    default: daxswitch
attributes:
  check_mode:
    description: Gathers the same facts.
    support: full
  facts:
    description: Returns facts.
    support: full
notes:
  - Needs root, but for O(root).
"""

EXAMPLES = r"""
- name: Who owns the memory?
  daxswitch.daxswitch.daxswitch_facts:

- name: Stop where something is broken
  ansible.builtin.fail:
    msg: "{{ item.what }} Fix: {{ item.fix }}"
  loop: "{{ ansible_facts.daxswitch.findings | rejectattr('severity', 'equalto', 'notice') }}"

- name: Go on only with hosts where the CXL drivers own memory
  ansible.builtin.meta: end_host
  when: ansible_facts.daxswitch.owners.cxl == 0
"""

RETURN = r"""
ansible_facts:
  description: The facts.
  returned: success
  type: dict
  contains:
    daxswitch:
      description: >-
        What C(daxswitch status --json) prints about the host, with C(owners) in addition. C(docs/json.md) of the program says
        what stays.
      type: dict
      contains:
        owners:
          description: How many bytes each owner has. What no driver owns is C(none), what is not known is C(unknown).
          type: dict
          sample: {"both": 0, "cxl": 549755813888, "hmem": 0, "none": 0, "unknown": 0}
        health:
          description: V(ok), V(attention) if there are only notices, or V(broken).
          type: str
        findings:
          description: What is wrong or worth knowing, the most severe first.
          type: list
          elements: dict
        ranges:
          description: Every range with its owner, its device and its use.
          type: list
          elements: dict
        next_boot:
          description: What is persisted, and whether the next boot leads to other owners than now.
          type: dict
        unfinished:
          description: What earlier runs have left half done.
          type: list
          elements: dict
        kernel:
          description: The release of the kernel, and the rules that it follows.
          type: dict
code:
  description: The word of the error.
  returned: failure
  type: str
exit_code:
  description: How the program ended, as the table in daxswitch(8) says; null where it was not run.
  returned: failure
  type: int
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.daxswitch.daxswitch.plugins.module_utils.tool import Tool, ToolError, root_option


def facts(status):
    """What a status says, and the bytes of each owner."""
    owners = {"both": 0, "cxl": 0, "hmem": 0, "none": 0, "unknown": 0}
    for part in status["ranges"]:
        owner = part["owner"] or "unknown"
        owners[owner] = owners.get(owner, 0) + part["size"]
    members = dict((key, value) for key, value in status.items() if key not in ("kind", "schema_version"))
    return dict(members, owners=owners)


def main():
    module = AnsibleModule(
        argument_spec={
            "root": {"type": "path"},
            "executable": {"type": "str", "default": "daxswitch"},
        },
        supports_check_mode=True,
    )
    try:
        tool = Tool(module, module.params["executable"])
        status = tool.run("status", root_option(module.params["root"]))[1]
    except ToolError as error:
        module.fail_json(msg=error.message, code=error.code, exit_code=error.exit_code)
    module.exit_json(changed=False, ansible_facts={"daxswitch": facts(status)})


if __name__ == "__main__":
    main()
