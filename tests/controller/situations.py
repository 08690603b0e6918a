"""Agents and pools that tests make up."""

from collections.abc import Iterable, Mapping
from typing import Any

from lmsvc.controller.agents import AgentReport, read_agents
from lmsvc.controller.situation import Situation
from lmsvc.settings import PoolSettings


def report(pool: str, host: str, idle: int = 0, working: int = 0, **more: object) -> AgentReport:
    """Return what an agent says that has room for eight slots."""
    manager = {"project": f"lm-{pool}-j-s-0-1"}
    each = [
        {"slot": f"{host}-{number}", "manager": manager if number < working else None}
        for number in range(idle + working)
    ]
    room = {"cores": 1, "memory_mb": 2000, "host_cores": 8, "host_memory_mb": 16000}
    (read,) = read_agents([{"type": "lm_agent", "pool": pool, "host": host, "slots": each, "lost": {}, **room, **more}])
    return read


def situation(
    pools: Mapping[str, Mapping[str, Any]], agents: Iterable[AgentReport], drained: Iterable[str] = ()
) -> Situation:
    """Return the situation of pools, given as on a page, and agents."""
    page = {name: PoolSettings.model_validate(pool) for name, pool in pools.items()}
    return Situation.of(list(agents), page, frozenset(drained))
