"""All cases, in the order in which they are listed and started."""
from daxlab.cases import (bench, boot_owners, builtin, decoder_history, findings, forged_log, guide, hand_over, hmat, kexec_road,
                          layout, memory, outside, persist, persist_builtin, pmem_bridge, policy, refusals,
                          removed_by_hand, there_and_back, unassembled, verification)
from daxlab.restoring import kills as restoring_kills
from daxlab.restoring import errors, lost, persistent, refused, reloads, reserved
from daxlab.safety import at_once, kills, reboots

CASES = [case for module in (boot_owners, there_and_back, refusals, removed_by_hand, unassembled, outside,
                             policy, verification, guide, findings, forged_log, memory, hand_over, hmat, layout,
                             persist, persist_builtin, kexec_road, pmem_bridge, decoder_history, builtin, bench, reloads,
                             lost, refused, reserved, persistent, errors, restoring_kills, kills, at_once, reboots)
         for case in module.CASES]
