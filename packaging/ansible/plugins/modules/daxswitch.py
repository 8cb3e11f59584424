#!/usr/bin/python
"""The Ansible module: one host set to the owners that a policy wants, now or from the next boot on."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: daxswitch
short_description: Choose which kernel driver owns Soft Reserved memory on a host with CXL
description:
  - Runs C(daxswitch) on the managed host, which gives Soft Reserved memory to the CXL drivers or to C(dax_hmem).
  - Refuses what would crash the host or lose memory. The task then fails and shows each hazard with its fix.
  - A second run changes nothing.
version_added: 0.1.0
author: the daxswitch authors (!UNKNOWN)
options:
  policy:
    description: >-
      Name of a policy on the managed host, or path of a policy file there; for O(state=verified) also of a saved plan. Not
      for O(state=cleared).
    type: str
  state:
    description:
      - V(applied) sets the owners on the running host.
      - V(persisted) sets the owners used from the next boot; the running host is not changed.
      - V(cleared) clears what was persisted.
      - V(verified) compares the running host with the policy or a saved plan and fails if there is a difference. Nothing is
        changed.
    type: str
    choices: [applied, persisted, cleared, verified]
    default: applied
  persist:
    description:
      - With O(state=applied), also set the owners used from the next boot.
      - If that is refused, the running host is not changed either.
    type: bool
    default: false
  update_initramfs:
    description: After persisting or clearing, rebuild the initramfs with initramfs-tools or dracut.
    type: bool
    default: true
  update_boot_loader:
    description: >-
      If something is persisted or cleared and C(cxl_acpi) is built into the kernel, set or remove the kernel parameter in
      the boot loader's entries.
    type: bool
    default: true
  offline_memory:
    description: Take blocking memory offline first and restore its use afterwards.
    type: bool
    default: false
  accept:
    description: Hazards to accept. Hazards that would crash the host can't be accepted.
    type: list
    elements: str
    choices: [device-open, nondeterministic, orphaned-range, region-lost, unbindable]
    default: []
  wait:
    description: Seconds to wait for another daxswitch to end.
    type: int
    default: 60
  root:
    description: >-
      Plan for this recorded machine (C(daxswitch collect)), or verify it. Only in check mode, or with
      O(state=verified).
    type: path
  executable:
    description: Name or path of the program.
    type: str
    default: daxswitch
attributes:
  check_mode:
    description: Plans and changes nothing. A plan that would be refused fails the task.
    support: full
  diff_mode:
    description: Shows the owner of every range before and after, and the files that are written.
    support: full
notes:
  - Needs root, except with O(root).
  - A region whose decoders are not locked can't be given to C(dax_hmem) while the host runs; O(state=persisted) and a
    reboot do it.
"""

EXAMPLES = r"""
- name: dax_hmem owns the memory
  daxswitch.daxswitch.daxswitch:
    policy: hmem

- name: The CXL drivers own it, also if it is in use now, and after every boot
  daxswitch.daxswitch.daxswitch:
    policy: cxl
    offline_memory: true
    persist: true

- name: dax_hmem owns it from the next boot on
  daxswitch.daxswitch.daxswitch:
    policy: hmem
    state: persisted
  register: choice

- name: The CXL drivers still own it
  daxswitch.daxswitch.daxswitch:
    policy: cxl
    state: verified

- name: Have it so now
  ansible.builtin.reboot:
  when: choice.reboot_required
"""

RETURN = r"""
ranges:
  description: Every range with its owner after the task; in check mode with its possible owners.
  returned: always, unless the program could not be run
  type: list
  elements: dict
  sample: [{"start": "0x5d0000000", "end": "0x5efffffff", "owner": "hmem"}]
steps:
  description: The steps that were carried out, or would be in check mode.
  returned: O(state=applied)
  type: list
  elements: dict
hazards:
  description: The hazards, as daxswitch prints them.
  returned: always, unless the program could not be run
  type: list
  elements: dict
differences:
  description: Differences between the host and the policy or the saved plan, as C(daxswitch verify) prints them.
  returned: O(state=verified)
  type: list
  elements: dict
findings:
  description: What is wrong with the host or worth knowing, as C(daxswitch status) prints it.
  returned: O(state=verified)
  type: list
  elements: dict
unfinished:
  description:
    - What earlier runs have left half done, as C(daxswitch status) prints it; after the task, or where the task failed over
      it, before it.
    - A run that was cut off fails the task with the code V(half-done); C(daxswitch recover) ends it.
  returned: always, unless the program could not be run
  type: list
  elements: dict
reboot_required:
  description: >-
    Whether the next boot leads to other owners than there are now; null if that is not known, as while an initramfs
    or the boot loader does not have, or was not seen to have, what is persisted.
  returned: always, but for check mode
  type: bool
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
from ansible_collections.daxswitch.daxswitch.plugins.module_utils.change import Change
from ansible_collections.daxswitch.daxswitch.plugins.module_utils.tool import ToolError


def main():
    module = AnsibleModule(
        argument_spec={
            "policy": {"type": "str"},
            "state": {"type": "str", "choices": ["applied", "persisted", "cleared", "verified"], "default": "applied"},
            "persist": {"type": "bool", "default": False},
            "update_initramfs": {"type": "bool", "default": True},
            "update_boot_loader": {"type": "bool", "default": True},
            "offline_memory": {"type": "bool", "default": False},
            "accept": {"type": "list", "elements": "str", "default": [],
                       "choices": ["device-open", "nondeterministic", "orphaned-range", "region-lost", "unbindable"]},
            "wait": {"type": "int", "default": 60},
            "root": {"type": "path"},
            "executable": {"type": "str", "default": "daxswitch"},
        },
        required_if=[("state", state, ("policy",)) for state in ("applied", "persisted", "verified")],
        supports_check_mode=True,
    )
    wanted = module.params
    checked = wanted["state"] == "applied" and module.check_mode and not wanted["persist"]
    if wanted["root"] and not checked and wanted["state"] != "verified":
        module.fail_json(msg="root names a recorded machine, which can only be planned for (check mode, state applied) or "
                             "verified (state verified)", code="usage", exit_code=None)
    if wanted["state"] == "verified" and wanted["persist"]:
        module.fail_json(msg="state verified changes nothing, so it takes no persist", code="usage", exit_code=None)
    if wanted["state"] == "cleared" and wanted["policy"]:
        module.fail_json(msg="state cleared takes no policy", code="usage", exit_code=None)
    change = None
    try:
        change = Change(module)
        change.make()
    except ToolError as error:
        result = change.result() if change else {"changed": False}
        module.fail_json(msg=error.message, code=error.code, exit_code=error.exit_code, **result)
    module.exit_json(**change.result())


if __name__ == "__main__":
    main()
