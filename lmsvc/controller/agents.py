"""What agents say of their slots, read from the catalog. Anyone can write there: what cannot be read does not count."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lmsvc.planning.allocation import Allocation
from lmsvc.planning.sharing import Alive
from lmsvc.worker.report import AGENT_RECORD, has_ended, told_port

LARGEST_SERIAL = 2**52
"""Serials are milliseconds of the epoch; what lies far beyond is no serial of ours."""


@dataclass(frozen=True)
class AgentReport:
    """A pool's slots on one host.

    Attributes:
        pool: the pool.
        host: the host.
        slots: how many slots are alive.
        wanted: how many the agent keeps alive.
        at_work: how many have a manager or a task.
        shape: cores, memory (MB) and GPUs of each; zeros where it does not say.
        room: cores, memory (MB) and GPUs that all pools of the host may use together; None where it does not say.
        serial: of the allocation it applied last; None where it does not say.
        lost: tasks whose worker died, and how often.
        working: slots by the project of the manager they work for.
        passwords: fingerprints of the passwords it knows; None where it does not say.
        bell: address and port of its doorbell; None where it does not say.
    """

    pool: str
    host: str
    slots: int
    wanted: int
    at_work: int
    shape: tuple[int, int, int]
    room: tuple[int, int, int] | None
    serial: int | None
    lost: Mapping[str, int]
    working: Mapping[str, int]
    passwords: frozenset[str] | None
    bell: tuple[str, int] | None

    def knows(self, password: str) -> bool:
        """Return whether its slots can join a manager of this password, as far as is known."""
        return not password or self.passwords is None or password in self.passwords


def read_agents(records: Iterable[Mapping[str, Any]]) -> list[AgentReport]:
    """Return what can be read of agents' records; of several about the same slots the one heard last.

    An agent that has ended said so by a record that is to be forgotten at once.
    """
    own = (record for record in records if record.get("type") == AGENT_RECORD)
    found: dict[tuple[str, str], tuple[AgentReport, bool]] = {}
    for record in sorted(own, key=lambda record: float(record.get("lastheardfrom") or 0)):
        for report in _readable(record):
            found[report.pool, report.host] = (report, has_ended(record))
    return [report for report, ended in found.values() if not ended]


def alive(agents: Iterable[AgentReport]) -> dict[str, dict[str, Alive]]:
    """Return what is alive and at work of each pool on each host."""
    found: dict[str, dict[str, Alive]] = {}
    for agent in agents:
        found.setdefault(agent.pool, {})[agent.host] = Alive(agent.slots, agent.at_work)
    return found


def working(agents: Iterable[AgentReport]) -> Allocation:
    """Return the allocation as the slots have it."""
    found: Allocation = {}
    for agent in agents:
        for project, slots in agent.working.items():
            found.setdefault(agent.pool, {}).setdefault(project, {})[agent.host] = slots
    return found


def _readable(record: Mapping[str, Any]) -> Iterator[AgentReport]:
    try:
        yield _read(record)
    except (KeyError, TypeError, ValueError, AttributeError):
        return


def _read(record: Mapping[str, Any]) -> AgentReport:
    slots = record["slots"]
    managers = [slot["manager"] for slot in slots if slot.get("manager")]
    return AgentReport(
        pool=str(record["pool"]),
        host=str(record["host"]),
        slots=len(slots),
        wanted=int(record.get("slots_wanted", len(slots))),
        at_work=sum(bool(slot.get("manager") or slot.get("task")) for slot in slots),
        shape=(int(record.get("cores", 0)), int(record.get("memory_mb", 0)), int(record.get("gpus", 0))),
        room=_room(record) if "host_cores" in record else None,
        serial=_serial(record.get("serial")),
        lost={str(task): int(times) for task, times in record["lost"].items()},
        working=Counter(str(manager["project"]) for manager in managers),
        passwords=frozenset(map(str, record["passwords"])) if "passwords" in record else None,
        bell=told_port(record, "bell"),
    )


def _room(record: Mapping[str, Any]) -> tuple[int, int, int]:
    return int(record["host_cores"]), int(record["host_memory_mb"]), int(record.get("host_gpus", 0))


def _serial(told: object) -> int | None:
    return told if isinstance(told, int) and 0 <= told < LARGEST_SERIAL else None
