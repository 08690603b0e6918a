"""How many slots are kept alive on each host: what is needed now, and for a while what was needed a moment ago."""

from collections import deque
from collections.abc import Mapping

IDLE_KEEP_SECONDS = 10.0
"""A slot without use stays alive for this long: its job may have more to come."""

SlotsByHost = Mapping[str, int]


class Keeping:
    """The slots of each pool and host that were needed within the last `IDLE_KEEP_SECONDS`."""

    def __init__(self, kept: Mapping[str, SlotsByHost]) -> None:
        """Begin with the slots by pool and host that another controller kept: they may have been needed just now."""
        self._kept = {(pool, host): slots for pool, hosts in kept.items() for host, slots in hosts.items()}
        self._needed: dict[tuple[str, str], deque[tuple[float, int]]] = {}

    def keep(self, pool: str, needed: SlotsByHost, most: int, now: float) -> dict[str, int]:
        """Return the slots of a pool to keep alive on each host.

        Args:
            pool: the pool.
            needed: slots by host that are in use or to be there without use; hosts that are not named keep none.
            most: how many it may have; where earlier needs together are more, they are forgotten.
            now: monotonic seconds.
        """
        self._forget({key for key in self._needed if key[0] == pool and key[1] not in needed})
        kept = {host: self._note((pool, host), slots, now) for host, slots in needed.items()}
        if sum(kept.values()) <= most:
            return kept
        self._forget({(pool, host) for host in needed})
        return {host: self._note((pool, host), slots, now) for host, slots in needed.items()}

    def _forget(self, keys: set[tuple[str, str]]) -> None:
        for key in keys:
            self._needed.pop(key, None)

    def _note(self, key: tuple[str, str], slots: int, now: float) -> int:
        """Note a need and return the largest of late; the queue falls, each entry dated when it was needed last."""
        if key not in self._needed:
            self._needed[key] = deque([(now, self._kept.pop(key, slots))])
        queue = self._needed[key]
        while queue and (queue[-1][1] <= slots):
            queue.pop()
        queue.append((now, slots))
        while now - queue[0][0] > IDLE_KEEP_SECONDS:
            queue.popleft()
        return queue[0][1]


def needed(in_use: SlotsByHost, least: SlotsByHost, hosts: frozenset[str]) -> dict[str, int]:
    """Return the slots to be alive on each host: those in use, and idle ones only as far as the least asks for more.

    Args:
        in_use: slots by host that may work.
        least: where the least slots are when nothing is in use.
        hosts: those that serve the pool; others have no slots.
    """
    slots = {host: in_use.get(host, 0) for host in sorted(hosts)}
    idle = sum(least.values()) - sum(slots.values())
    for host, number in slots.items():
        more = max(0, min(least.get(host, 0) - number, idle))
        slots[host], idle = number + more, idle - more
    return slots
