"""What an agent tells: the catalog of its slots, and its log of what is remarkable."""

import sys
import time
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from lmsvc.worker.options import Options

Record = dict[str, Any]

AGENT_RECORD = "lm_agent"
"""The type of agents' records in the catalog."""


class Report(NamedTuple):
    """What changes in an agent's record.

    Attributes:
        serial: of the allocation applied last, before the slots were looked at; 0 for none.
        keep: how many slots are kept alive.
        states: of the slots that are alive, also of those that are kept no longer and end their task.
        retired: whether the host has no room for slots any more.
    """

    serial: int
    keep: int
    states: tuple[Record, ...]
    retired: bool = False


def agent_record(
    own: Options, report: Report, lost: Mapping[str, int], passwords: Collection[str], ports: Mapping[str, int]
) -> Record:
    """Return the record of a pool's slots on this host.

    Args:
        own: the agent's options.
        report: how its slots are.
        lost: how often each task lost its worker in them.
        passwords: fingerprints of the passwords they may use.
        ports: `bell`, which controllers ring when there is another allocation, and `watch`, where the live log is.
    """
    name = {"type": AGENT_RECORD, "uuid": f"agent-{own.host}-{own.pool}", "port": 0, "lifetime": 120}
    shape = {"cores": own.cores, "memory_mb": own.memory_mb, "disk_mb": own.disk_mb, "gpus": own.gpus}
    room = (0, 0, 0) if report.retired else (own.host_cores, own.host_memory_mb, own.host_gpus)
    host = {"host": own.host, **dict(zip(("host_cores", "host_memory_mb", "host_gpus"), room, strict=True))}
    slots = [{key: value for key, value in state.items() if key != "lost"} for state in report.states]
    return {
        **{**name, "pool": own.pool, **host, **shape, "passwords": sorted(passwords)},
        **{"serial": report.serial, "slots_wanted": report.keep, "slots": slots, "lost": dict(lost), **ports},
    }


def has_ended(record: Mapping[str, Any]) -> bool:
    """Return whether a record is the last word of an agent, which the catalog is to forget at once."""
    return record.get("lifetime") == 1


def told_port(record: Mapping[str, Any], name: str) -> tuple[str, int] | None:
    """Return address and port that an agent's record names for its `bell` or `watch`; None where it does not."""
    address, port = record.get("address"), record.get(name)
    return (str(address), port) if address and isinstance(port, int) and 0 < port < 65536 else None


def say(text: str) -> None:
    """Write a line to the agent's log."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} agent: {text}\n")
    sys.stderr.flush()
