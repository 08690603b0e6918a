"""Orders of things that need each other."""

import heapq
from collections.abc import Collection, Mapping


def ordered(needs: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Return the names so that each comes after those it needs, otherwise in the order of the mapping.

    Names in a cycle, and those that need them, are left out; needed names that are not in the mapping are ignored.
    """
    rank = {name: number for number, name in enumerate(needs)}
    missing = {name: len({need for need in needs[name] if need in rank}) for name in needs}
    users = _users(needs, rank)
    ready = [rank[name] for name, count in missing.items() if count == 0]
    names, found = tuple(needs), list[str]()
    while ready:
        name = names[heapq.heappop(ready)]
        found.append(name)
        for user in users[name]:
            missing[user] -= 1
            if missing[user] == 0:
                heapq.heappush(ready, rank[user])
    return tuple(found)


def _users(needs: Mapping[str, Collection[str]], known: Collection[str]) -> dict[str, list[str]]:
    users: dict[str, list[str]] = {name: [] for name in needs}
    for name, needed in needs.items():
        for need in dict.fromkeys(needed):
            if need in known:
                users[need].append(name)
    return users


def cycles(needs: Mapping[str, Collection[str]]) -> list[tuple[str, ...]]:
    """Return cycles that share no name, until without their names nothing is in a cycle.

    Each is given as `(a, b, c)`: a needs b, b needs c, c needs a.
    """
    left, found = dict(needs), list[tuple[str, ...]]()
    while stuck := _stuck(left):
        found.append(_cycle(stuck))
        left = {name: needed for name, needed in left.items() if name not in found[-1]}
    return found


def _stuck(needs: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    free = set(ordered(needs))
    stuck = [name for name in needs if name not in free]
    return {name: [need for need in needs[name] if need in needs and need not in free] for name in stuck}


def _cycle(stuck: Mapping[str, list[str]]) -> tuple[str, ...]:
    path: dict[str, int] = {}
    name = next(iter(stuck))
    while name not in path:
        path[name] = len(path)
        name = stuck[name][0]
    return tuple(path)[path[name] :]
