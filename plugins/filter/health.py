"""What hosts say about their health, as one table, and a list with what to do about each fault."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Finding = tuple[str, str, str, str]
"""Host, check, what was found, what to do."""

Facts = Mapping[str, Any]
UNTRIED = {"ok": False, "error": "no job was tried; its slots are not in the catalog"}
COLUMNS = ("units", "overlay", "catalog", "proxy", "database", "controller")


def health_findings(probes: Mapping[str, Facts], pools: Mapping[str, Sequence[str]]) -> list[Finding]:
    """Find everything that is not as it should be on the hosts that answered."""
    known = {host: probe["facts"] for host, probe in probes.items() if "facts" in probe}
    away = [host for host in probes if host not in known]
    return [finding for host, facts in known.items() for check in CHECKS for finding in check(host, facts, away, pools)]


def _units(host: str, facts: Facts, away: Sequence[str], pools: object) -> Iterator[Finding]:
    for unit, state in facts["units"].items():
        if state != "active":
            yield host, "units", f"{unit} is {state}", f"on {host}: journalctl -u {unit} -n 50"


def _overlay(host: str, facts: Facts, away: Sequence[str], pools: object) -> Iterator[Finding]:
    for peer, answers in facts["paths"].items():
        if not answers and peer not in away:
            remedy = f"on both hosts: wg show lm-overlay; is the overlay's UDP port open between {host} and {peer}?"
            yield host, "overlay", f"{peer} does not answer through the overlay", remedy


def _services(host: str, facts: Facts, away: Sequence[str], pools: object) -> Iterator[Finding]:
    for name in ("catalog", "proxy"):
        if facts[name]:
            yield host, name, f"{name}: {facts[name]}", f"on {name}'s host: journalctl -u lmsvc-{name} -n 50"


def _ready(host: str, facts: Facts, away: Sequence[str], pools: object) -> Iterator[Finding]:
    ready = facts.get("ready", {"ready": True})
    for name, check in ready.get("checks", {}).items():
        if not check["ready"] and name in COLUMNS:
            yield host, name, f"the web service says: {check['detail']}", f"journalctl -u lmsvc-{name} -n 50"
    if not ready["ready"] and "checks" not in ready:
        yield host, "proxy", f"the web service does not answer: {ready.get('error')}", "journalctl -u lmsvc-web -n 50"


def _jobs(host: str, facts: Facts, away: Sequence[str], pools: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    if "jobs" not in facts:
        return
    if "error" in facts["jobs"]:
        yield host, "jobs", f"no job could be tried: {facts['jobs']['error']}", "journalctl -u lmsvc-web -n 50"
        return
    tried = _tried(facts["jobs"]["answer"])
    for pool, hosts in pools.items():
        for there in [there for there in hosts if there not in away]:
            result = tried.get((pool, there), UNTRIED)
            if not result["ok"]:
                remedy = f"on {there}: journalctl -u lmsvc-worker-{pool} -n 50"
                yield there, "jobs", f"pool {pool}: {result.get('error') or 'its job failed'}", remedy


def _tried(answer: Sequence[Facts]) -> dict[tuple[str, str], Facts]:
    return {(result["pool"], result["host"]): result for result in answer}


CHECKS: tuple[Callable[..., Iterator[Finding]], ...] = (_units, _overlay, _services, _ready, _jobs)


def health_report(probes: Mapping[str, Facts], pools: Mapping[str, Sequence[str]], findings: Sequence[Finding]) -> str:
    """Return the table, with the seconds that a job took in each pool of each host, and the list."""
    failed = {(host, check) for host, check, _, _ in findings}
    tried = {key: result for probe in probes.values() for key, result in _jobs_of(probe).items()}
    rows = [["host", *COLUMNS, *(f"job in {pool}" for pool in pools)]]
    for host, probe in probes.items():
        cells = [_cell(host, check, probe, failed) for check in COLUMNS]
        rows.append([host, *cells, *(_seconds(tried.get((pool, host)), host in pools[pool]) for pool in pools)])
    return "\n".join([*_aligned(rows), "", *_list(findings)]).rstrip()


def _jobs_of(probe: Facts) -> dict[tuple[str, str], Facts]:
    return _tried(probe.get("facts", {}).get("jobs", {}).get("answer", []))


def _cell(host: str, check: str, probe: Facts, failed: set[tuple[str, str]]) -> str:
    if "facts" not in probe:
        return "away"
    if (host, check) in failed:
        return "FAIL"
    return "-" if check in ("database", "controller") and "ready" not in probe["facts"] else "ok"


def _seconds(result: Facts | None, served: bool) -> str:
    if result is None:
        return "?" if served else "-"
    if not result["ok"]:
        return "FAIL"
    return "-" if result["seconds"] is None else f"{result['seconds']:.1f} s"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _list(findings: Sequence[Finding]) -> Iterator[str]:
    for host, check, found, remedy in sorted(findings):
        yield f"FAIL  {host}, {check}: {found}"
        yield f"      -> {remedy}"


class FilterModule:
    """The filters, as Ansible looks them up."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"health_findings": health_findings, "health_report": health_report}
