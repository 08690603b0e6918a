"""What a workflow says of its rules."""

import json
from dataclasses import replace

from lmsvc.cctools.makeflow import Rule, workflow

RULE = Rule("true", (), ("out",), "sdm", cores=2, memory_mb=500, disk_mb=400)


def test_rules_ask_for_what_a_task_needs() -> None:
    """Cores, memory and disk stand in every rule, GPUs where there are some: a worker without any then refuses it."""
    plain, deep = json.loads(json.dumps(workflow([RULE, replace(RULE, gpus=1)])))["rules"]
    assert plain["resources"] == {"cores": 2, "memory": 500, "disk": 400}
    assert deep["resources"] == {"cores": 2, "memory": 500, "disk": 400, "gpus": 1}
