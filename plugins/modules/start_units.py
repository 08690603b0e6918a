"""Start and enable several systemd units, asked for their state all at once."""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: start_units
short_description: Start and enable several systemd units
description: Units that run are left alone. Those that do not are started together, and the run waits for all of them.
author: lmsvc
options:
  units:
    description: Units that must run.
    type: list
    elements: str
    required: true
  enabled:
    description: Whether they must also be enabled, so that they start with the host.
    type: bool
    default: false
"""
RETURN = """
started:
  description: Units that were started, or would be.
  type: list
  elements: str
  returned: always
"""

RUNNING = ("active", "activating", "reloading", "refreshing")
OPTIONS: dict[str, Any] = {
    "units": {"type": "list", "elements": "str", "required": True},
    "enabled": {"type": "bool", "default": False},
}


def systemctl(module: AnsibleModule, *words: str) -> str:
    """Return what systemctl says; its failure is the task's."""
    code, output, errors = module.run_command(["systemctl", *words], environ_update={"LC_ALL": "C"})
    if code != 0:
        module.fail_json(msg=f"systemctl {' '.join(words)}: {errors or output}")
    return str(output)


def states(text: str) -> list[dict[str, str]]:
    """Return the properties of each unit, in the order asked for."""
    return [dict(line.split("=", 1) for line in block.splitlines()) for block in text.strip().split("\n\n")]


def main() -> None:
    """Start what does not run and answer with it."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    units = module.params["units"]
    shown = systemctl(module, "show", "--property=ActiveState,UnitFileState", "--", *units) if units else ""
    known = dict(zip(units, states(shown), strict=True)) if units else {}
    started = [unit for unit, state in known.items() if state["ActiveState"] not in RUNNING]
    disabled = [unit for unit, state in known.items() if state["UnitFileState"] != "enabled"]
    enabled = disabled if module.params["enabled"] else []
    for verb, those in (("enable", enabled), ("start", started)):
        if those and not module.check_mode:
            systemctl(module, verb, "--", *those)
    module.exit_json(changed=bool(started or enabled), started=started, enabled=enabled)


if __name__ == "__main__":
    main()
