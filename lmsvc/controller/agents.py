"""What agents say of their slots, read from the catalog. Anyone can write there: what cannot be read does not count."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

AGENT_RECORD = "lm_agent"


@dataclass(frozen=True)
class AgentReport:
    """A pool's slots on one host.

    Attributes:
        pool: the pool.
        host: the host.
        slots: how many slots are alive.
        lost: tasks whose worker died, and how often.
        working: slots by the project of the manager they work for.
        passwords: fingerprints of the passwords it knows; None where it does not say.
    """

    pool: str
    host: str
    slots: int
    lost: Mapping[str, int]
    working: Mapping[str, int]
    passwords: frozenset[str] | None

    def knows(self, password: str) -> bool:
        """Return whether its slots can join a manager of this password, as far as is known."""
        return not password or self.passwords is None or password in self.passwords


def read_agents(records: Iterable[Mapping[str, Any]]) -> list[AgentReport]:
    """Return what can be read of agents' records; of several about the same slots the one heard last."""
    own = (record for record in records if record.get("type") == AGENT_RECORD)
    found = {}
    for record in sorted(own, key=lambda record: float(record.get("lastheardfrom") or 0)):
        for report in _readable(record):
            found[report.pool, report.host] = report
    return list(found.values())


def _readable(record: Mapping[str, Any]) -> Iterator[AgentReport]:
    try:
        yield _read(record)
    except (KeyError, TypeError, ValueError, AttributeError):
        return


def _read(record: Mapping[str, Any]) -> AgentReport:
    managers = [slot["manager"] for slot in record["slots"] if slot.get("manager")]
    return AgentReport(
        pool=str(record["pool"]),
        host=str(record["host"]),
        slots=len(record["slots"]),
        lost={str(task): int(times) for task, times in record["lost"].items()},
        working=Counter(str(manager["project"]) for manager in managers),
        passwords=frozenset(map(str, record["passwords"])) if "passwords" in record else None,
    )
