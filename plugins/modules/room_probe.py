"""Look how large a host is and change nothing."""

import os

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: room_probe
short_description: Report cores and memory of a host
description: Quicker than gathering facts, and in the units that preflight_probe uses.
author: lmsvc
options: {}
"""


def room() -> dict[str, int]:
    """Return cores, and memory in MB."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000
    return {"cores": os.cpu_count() or 1, "memory_mb": memory}


def main() -> None:
    """Answer with all findings."""
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    module.exit_json(changed=False, facts=room())


if __name__ == "__main__":
    main()
