"""Ask the web service on this host about its pools until they are as they should be, or the time is up."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: pools_watch
short_description: Wait until pools have the slots they should have
description: Asks the service what its agents report; changes nothing. What is not so in the end is in `missing`.
author: lmsvc
options:
  bounds:
    description: Least and most slots, `min` and `max`, of each pool.
    type: dict
    default: {}
  drained:
    description: Hosts on which no slot is to be wanted, and no task to run.
    type: list
    elements: str
    default: []
  wait_seconds:
    description: How long to wait; 0 asks once.
    type: int
    default: 0
"""

ASK = ["podman", "exec", "lmsvc-web", "lmsvc", "pools", "--json"]
SETTLED_SECONDS = 3.0
"""A controller may hear of a drained host a second after the web service, and a task it sent before then shows late."""
Pools = Sequence[Mapping[str, Any]]


def missing(pools: Pools, bounds: Mapping[str, Mapping[str, int]], drained: Sequence[str]) -> list[str]:
    """Say what is not yet as it should be."""
    named = {pool["name"]: pool for pool in pools}
    return [
        *(f"the service does not know pool {name}" for name in bounds if name not in named),
        *(text for name, pool in named.items() if name in bounds for text in _outside(pool, bounds[name])),
        *(text for pool in pools for host in pool["hosts"] if host["host"] in drained for text in _busy(pool, host)),
    ]


def _outside(pool: Mapping[str, Any], bounds: Mapping[str, int]) -> list[str]:
    name, slots = pool["name"], sum(host["idle"] + host["busy"] for host in pool["hosts"])
    wanted = sum(host["wanted"] for host in pool["hosts"])
    if (pool["min"], pool["max"]) != (bounds["min"], bounds["max"]):
        return [f"pool {name}: the service has not read its bounds yet"]
    if pool.get("backend", "factory") != "factory":  # As pools_of_hosts, which no host has: others start when they can.
        return []
    if not bounds["min"] <= wanted <= bounds["max"]:
        return [f"pool {name}: {wanted} slots are wanted, between {bounds['min']} and {bounds['max']} should be"]
    if slots < bounds["min"]:
        return [f"pool {name}: {slots} of {wanted} slots are there"]
    return []


def _busy(pool: Mapping[str, Any], host: Mapping[str, Any]) -> list[str]:
    if not host["drained"] or host["wanted"]:
        return [f"{host['host']}, pool {pool['name']}: {host['wanted']} slots are still wanted"]
    return [f"{host['host']}, pool {pool['name']}: {host['busy']} tasks still run"] if host["busy"] else []


def ask(module: AnsibleModule) -> tuple[Pools, str]:
    """Return what the service says of its pools, or nothing and why it says nothing."""
    try:
        code, output, error = module.run_command(ASK, handle_exceptions=False)
        return (list(json.loads(output)), "") if code == 0 else ([], (error or output).strip()[-300:])
    except (OSError, ValueError) as error:
        return [], str(error)


def watch(question: Callable[[], tuple[Pools, str]], module: AnsibleModule) -> dict[str, Any]:
    """Return the last answer, and what is missing there."""
    wanted, end = module.params, time.monotonic() + module.params["wait_seconds"]
    well_since, settled = None, SETTLED_SECONDS if wanted["drained"] else 0.0
    while True:
        pools, error = question()
        left = (
            [f"the service does not answer: {error}"] if error else missing(pools, wanted["bounds"], wanted["drained"])
        )
        now = time.monotonic()
        well_since = None if left else well_since or now
        if (well_since and now - well_since >= settled) or now >= end:
            return {"pools": pools, "missing": left, "answered": not error}
        time.sleep(0.5)


def main() -> None:
    """Answer as soon as all is well, or the time is up."""
    options = {
        "bounds": {"type": "dict", "default": {}},
        "drained": {"type": "list", "elements": "str", "default": []},
        "wait_seconds": {"type": "int", "default": 0},
    }
    module = AnsibleModule(argument_spec=options, supports_check_mode=True)
    module.exit_json(changed=False, **watch(lambda: ask(module), module))


if __name__ == "__main__":
    main()
