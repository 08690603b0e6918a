"""What an agent tells the catalog of its slots."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from lmsvc import losses
from lmsvc.worker.files import SlotFiles, read_json
from lmsvc.worker.options import Options

Record = dict[str, Any]


def live_state(slot: SlotFiles) -> Record:
    """Return what a slot says of itself; nothing where its process is gone."""
    state = read_json(slot.state)
    return state if state and Path(f"/proc/{state['pid']}").exists() else {}


def lost(states: Sequence[Record]) -> dict[str, int]:
    """Return how often each task lost its worker in these slots."""
    return losses.total(state.get("lost", {}) for state in states)


def agent_record(own: Options, states: Sequence[Record], passwords: Collection[str]) -> Record:
    """Return the record of a pool's slots on this host.

    Args:
        own: the agent's options.
        states: of the slots that are alive.
        passwords: fingerprints of the passwords they may use.
    """
    name = {"type": "lm_agent", "uuid": f"agent-{own.host}-{own.pool}", "port": 0, "lifetime": 120}
    shape = {"slots_wanted": own.slots, "cores": own.cores, "memory_mb": own.memory_mb, "disk_mb": own.disk_mb}
    slots = [{key: value for key, value in state.items() if key != "lost"} for state in states]
    return {
        **{**name, "pool": own.pool, "host": own.host, "slots": slots, "lost": lost(states)},
        **{**shape, "passwords": sorted(passwords)},
    }
