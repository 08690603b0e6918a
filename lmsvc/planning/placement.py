"""Puts managers' shares on hosts with few moves."""

from collections.abc import Mapping

from lmsvc.planning.demand import Placement


def place(shares: Mapping[str, int], capacity: Mapping[str, int], previous: Placement) -> dict[str, dict[str, int]]:
    """Place every project's share, leaving what stands where it is as far as possible.

    Args:
        shares: slots by project, together not more than the capacity.
        capacity: slots by host.
        previous: the placement that stands.
    """
    placed = {
        project: {host: slots for host, slots in previous.get(project, {}).items() if capacity.get(host) and slots > 0}
        for project in shares
    }
    free = dict(capacity)
    for hosts in placed.values():
        for host, slots in hosts.items():
            free[host] -= slots
    _give_up(placed, shares, free)
    _make_room(placed, free)
    _fill(placed, shares, free)
    return placed


def _give_up(placed: Mapping[str, dict[str, int]], shares: Mapping[str, int], free: dict[str, int]) -> None:
    """Take from each project what is above its share, first on hosts that have too much."""
    for project, hosts in placed.items():
        surplus = sum(hosts.values()) - shares[project]
        for host in sorted(hosts, key=lambda host: (free[host], host)) if surplus > 0 else ():
            surplus -= _take(hosts, host, surplus, free)


def _make_room(placed: Mapping[str, dict[str, int]], free: dict[str, int]) -> None:
    """Take from projects on hosts that have more than they can."""
    for hosts in placed.values():
        for host in [host for host in hosts if free[host] < 0]:
            _take(hosts, host, -free[host], free)


def _take(hosts: dict[str, int], host: str, most: int, free: dict[str, int]) -> int:
    taken = max(0, min(hosts[host], most))
    free[host] += taken
    hosts[host] -= taken
    if not hosts[host]:
        del hosts[host]
    return taken


def _fill(placed: Mapping[str, dict[str, int]], shares: Mapping[str, int], free: Mapping[str, int]) -> None:
    """Give each project what is missing of its share, from the hosts with most free slots on."""
    open_hosts = sorted((host for host in free if free[host] > 0), key=lambda host: (free[host], host))
    left = dict(free)
    for project, hosts in placed.items():
        missing = shares[project] - sum(hosts.values())
        while missing > 0:
            host = open_hosts[-1]
            given = min(missing, left[host])
            hosts[host] = hosts.get(host, 0) + given
            missing, left[host] = missing - given, left[host] - given
            if not left[host]:
                open_hosts.pop()
