"""What a pool may still be using of a host, which nobody else can have yet.

A grant counts from the moment it is sent. A smaller one takes the place of a larger one only once the agent has
acknowledged it, by the serial of the allocation it applied last.
"""

from collections.abc import Mapping, Sequence


class Grants:
    """The slots granted to each pool on each host since its agent's last acknowledgement."""

    def __init__(self) -> None:
        """Begin with nothing granted."""
        self._sent: dict[tuple[str, str], list[tuple[int, int]]] = {}

    def send(self, pool: str, serial: int, hosts: Mapping[str, int]) -> None:
        """Note what an allocation grants.

        Args:
            pool: whose allocation it is.
            serial: of the allocation, larger than those before.
            hosts: slots by host; other hosts get none.
        """
        known = {host for owner, host in self._sent if owner == pool}
        for host in known.union(hosts):
            self._append(self._sent.setdefault((pool, host), []), serial, hosts.get(host, 0))

    def resume(self, pool: str, held: Mapping[str, Sequence[Sequence[int]]]) -> None:
        """Note by host the grants, each a serial and its slots, that another controller sent and nobody settled."""
        for host, grants in held.items():
            for serial, slots in grants:
                self._append(self._sent.setdefault((pool, host), []), serial, slots)

    def acknowledge(self, pool: str, host: str, serial: int | None) -> None:
        """Note the serial of the allocation an agent has applied; one that tells none is taken to have applied all."""
        grants = self._sent.get((pool, host), [])
        while len(grants) > 1 and (serial is None or grants[1][0] <= serial):
            del grants[0]

    def held(self, pool: str, host: str, at_work: int) -> int:
        """Return the slots a pool may be using on a host.

        Args:
            pool: the pool.
            host: the host.
            at_work: slots that its agent shows at work there.
        """
        return max([at_work, *(slots for _, slots in self._sent.get((pool, host), []))])

    def unacknowledged(self, pool: str) -> dict[str, list[tuple[int, int]]]:
        """Return by host the grants that a pool may go by, each a serial and its slots, where that is not one alone."""
        own = {host: grants for (owner, host), grants in self._sent.items() if owner == pool}
        return {host: list(grants) for host, grants in sorted(own.items()) if len(grants) > 1}

    @staticmethod
    def _append(grants: list[tuple[int, int]], serial: int, slots: int) -> None:
        """Add a grant; smaller ones before it say nothing any more, for whoever applied one of them has less."""
        while grants and grants[-1][1] <= slots:
            serial, _ = grants.pop()
        grants.append((serial, slots))
