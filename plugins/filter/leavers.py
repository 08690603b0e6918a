"""Filters about the record of hosts that were set up, and about those of them that have left the inventory."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Record = Mapping[str, Mapping[str, Any]]
"""By host: how it is reached, and its groups."""

DATA_GROUPS = {"web", "controller"}
"""Their hosts hold job data, unless the site shares it."""


def hosts_record(path: str) -> dict[str, dict[str, Any]]:
    """Return the record that a file holds; an empty one where there is none, or none that can be read."""
    try:
        return dict(json.loads(Path(path).read_bytes()))
    except (OSError, ValueError):
        return {}


def record_with(record: Record, lines: Record, hosts: Sequence[str]) -> dict[str, Any]:
    """Return a record with the lines of more hosts."""
    return {**record, **{host: _filled(lines[host]) for host in hosts}}


def _filled(line: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if value not in ("", None)}


def record_without(record: Record, hosts: Sequence[str]) -> dict[str, Any]:
    """Return a record without some hosts."""
    return {host: line for host, line in record.items() if host not in hosts}


def record_leavers(record: Record, hosts: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return the hosts of a record that the inventory does not name any more."""
    return {host: line for host, line in record.items() if host not in hosts}


def leavers_holding(leavers: Record, shared: bool) -> list[str]:
    """Return the leavers that hold what exists nowhere else: the database, or job data that is not shared."""
    holding = {"database"} if shared else {"database", *DATA_GROUPS}
    return sorted(host for host, line in leavers.items() if holding & set(line.get("groups", [])))


class FilterModule:
    """The filters, as Ansible looks them up."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        functions = (hosts_record, record_with, record_without, record_leavers, leavers_holding)
        return {function.__name__: function for function in functions}
