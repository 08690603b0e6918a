"""Filters of scale.yml, drain.yml and undrain.yml: the pools page, drained hosts, and what the service says of both."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Pools = Mapping[str, Mapping[str, Any]]
Answer = Sequence[Mapping[str, Any]]
"""What ``lmsvc pools --json`` says."""


def pools_page(pools: Pools) -> dict[str, Any]:
    """Return pools as the service reads them: slots written as one number are two equal bounds."""
    return {name: _bounded(pool) if isinstance(pool, Mapping) else pool for name, pool in pools.items()}


def _bounded(pool: Mapping[str, Any]) -> dict[str, Any]:
    slots = pool.get("slots")
    number = isinstance(slots, int) and not isinstance(slots, bool)
    return {**pool, "slots": {"min": slots, "max": slots}} if number else dict(pool)


def pools_scaled(pools: Pools, pool: str, least: str | int, most: str | int) -> dict[str, Any]:
    """Return pools, one with other bounds; a bound that is not given gives way to the one that is."""
    page: dict[str, Any] = dict(pools)
    if pool not in pools or (least == "" and most == ""):
        return page
    now = pools[pool]["slots"]
    bounds = {"min": int(now["min"] if least == "" else least), "max": int(now["max"] if most == "" else most)}
    if least == "":
        bounds["min"] = min(bounds.values())
    if most == "":
        bounds["max"] = max(bounds.values())
    return {**page, pool: {**pools[pool], "slots": bounds}}


def pools_refusals(pools: Pools, pool: str, least: str | int, most: str | int) -> list[str]:
    """Say what is wrong with the words of a command line that is to change one pool."""
    given = {"slots_min": str(least), "slots_max": str(most)}
    found = [f"{name} is {value}: write a number" for name, value in given.items() if value and not value.isdecimal()]
    if pool and pool not in pools:
        found.append(f"there is no pool {pool}; pools.yml has {', '.join(pools)}")
    if not pool and any(given.values()):
        found.append("say which pool: -e pool=NAME")
    if pool and not any(given.values()):
        found.append("say how many slots: -e slots_max=12, -e slots_min=2 or both")
    if not found and all(given.values()) and int(least) > int(most):
        found.append(f"slots_min {least} is above slots_max {most}")
    return found


def pools_bounded(pools: Pools, page: Pools) -> dict[str, Any]:
    """Return pools with the bounds that a page gives them; a pool that is not on the page stays as it is."""
    return {name: {**pool, "slots": dict(page.get(name, pool)["slots"])} for name, pool in pools.items()}


def pools_bounds(pools: Pools) -> dict[str, dict[str, int]]:
    """Return the bounds of each pool."""
    return {name: dict(pool["slots"]) for name, pool in pools.items()}


def drained_hosts(content: str) -> dict[str, Any]:
    """Return what a file of drained hosts says, as slurp gives it: the hosts, and when they were named."""
    try:
        found = json.loads(base64.b64decode(content))
        return {"hosts": sorted(found["hosts"]), "changed": float(found.get("changed", 0))}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {"hosts": [], "changed": 0.0}


def drained_newest(contents: Sequence[str]) -> dict[str, Any]:
    """Return the latest of several such files, so that a host that was away learns what it missed."""
    return max(map(drained_hosts, contents), key=lambda found: float(found["changed"]), default=drained_hosts(""))


def drained_after(contents: Sequence[str], added: Sequence[str], removed: Sequence[str], now: float) -> dict[str, Any]:
    """Return the file of drained hosts after a change; the same one where nothing changes."""
    before = drained_newest(contents)
    hosts = sorted({*before["hosts"], *added} - {*removed})
    return before if hosts == before["hosts"] else {"hosts": hosts, "changed": float(now)}


def tasks_on(answer: Answer, hosts: Sequence[str]) -> list[str]:
    """Say which tasks run on hosts, one line each."""
    places = [(pool["name"], host) for pool in answer for host in pool["hosts"] if host["host"] in hosts]
    slots = [(name, host["host"], slot["task"]) for name, host in places for slot in host["slots"]]
    return [f"{host}, pool {name}: {task}" for name, host, task in slots if task]


def pools_report(before: Answer, after: Answer, bounds: Mapping[str, Mapping[str, int]]) -> str:
    """Return a table of slots wanted before and after, by pool and host, with the pool's bounds."""
    rows = [["pool", "host", "slots before", "slots after", "at work", "least", "most"]]
    rows += [row for name in bounds for row in _rows(name, _hosts(before, name), _hosts(after, name), bounds[name])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def _hosts(answer: Answer, name: str) -> dict[str, Mapping[str, Any]]:
    return {host["host"]: host for pool in answer if pool["name"] == name for host in pool["hosts"]}


def _rows(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any], bounds: Mapping[str, int]
) -> Iterator[list[str]]:
    nothing = {"wanted": 0, "busy": 0}
    for host in sorted({*before, *after}):
        was, now = before.get(host, nothing), after.get(host, nothing)
        yield [name, host, str(was["wanted"]), str(now["wanted"]), str(now["busy"]), "", ""]
    totals = [sum(host[key] for host in side.values()) for side, key in ((before, "wanted"), (after, "wanted"))]
    busy = sum(host["busy"] for host in after.values())
    yield [name, "all", *map(str, totals), str(busy), str(bounds["min"]), str(bounds["max"])]


class FilterModule:
    """The filters, as Ansible looks them up."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        page = (pools_page, pools_scaled, pools_refusals, pools_bounded, pools_bounds, pools_report)
        drained = (drained_newest, drained_after, tasks_on)
        return {function.__name__: function for function in (*page, *drained)}
