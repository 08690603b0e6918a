"""Preflight's findings as one table, hosts by checks, and a list with what to do about each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Finding = tuple[str, str, str, str]
"""Host or ``site``, check, what was found, what to do."""

ASKED = ("system", "podman", "memory", "disk", "clock", "overlay", "ssh")
HOST = ("reach", *ASKED, "address", "pools", "data", "variables")
SITE = ("groups", "settings", "pools", "data", "variables")
COLUMNS = ("reach", *ASKED, "address", "groups", "settings", "pools", "data", "variables")


def preflight_report(findings: Sequence[Finding], probes: Mapping[str, Mapping[str, Any]], hosts: Sequence[str]) -> str:
    """Return the table and the list; hosts that did not answer are in both, though they are no failure."""
    away = [host for host, probe in probes.items() if probe.get("unreachable")]
    marks = {(host, check): "FAIL" for host, check, _, _ in findings} | {(host, "reach"): "away" for host in away}
    rows = [["host", *COLUMNS]]
    rows += [[host, *_cells(host, HOST, marks, "facts" in probes.get(host, {}))] for host in hosts]
    rows += [["site", *_cells("site", SITE, marks, True)]]
    return "\n".join([*_aligned(rows), "", *_absences(away, probes), *_list(findings)]).rstrip()


def _cells(row: str, checks: Sequence[str], marks: Mapping[tuple[str, str], str], known: bool) -> Iterator[str]:
    for check in COLUMNS:
        silent = check not in checks or (check in ("reach", *ASKED) and not known)
        yield marks.get((row, check), "-" if silent else "ok")


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _absences(away: Sequence[str], probes: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for host in away:
        yield f"away  {host}: {str(probes[host].get('msg', 'unreachable')).strip().rpartition('ssh: ')[2]}"
        yield "      -> the other hosts are set up without it; run the playbook again when it is back"


def _list(findings: Sequence[Finding]) -> Iterator[str]:
    for host, check, found, remedy in sorted(findings):
        yield f"FAIL  {host}, {check}: {found}"
        yield f"      -> {remedy}"


class FilterModule:
    """The filters, as Ansible looks them up."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"preflight_report": preflight_report}
