"""Preflight's checks of what hosts report about themselves."""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Finding = tuple[str, str, str, str]
"""Host or ``site``, check, what was found, what to do."""

Found = Iterator[tuple[str, str, str]]
Facts = Mapping[str, Any]
OVERLAY_INTERFACES = ("lm-overlay", "lm-bridge")
LEAST_PODMAN = (4, 4)


def preflight_facts(probes: Mapping[str, Facts], site: Facts, limits: Mapping[str, float]) -> list[Finding]:
    """Find hosts that cannot serve: wrong release, too small, clock off, networks taken, ssh elsewhere, data moved."""
    known = {host: probe["facts"] for host, probe in probes.items() if "facts" in probe}
    silent = {host: probe for host, probe in probes.items() if "facts" not in probe and not probe.get("unreachable")}
    return [
        *((host, "reach", *_silence(probe)) for host, probe in silent.items()),
        *((host, *found) for host, facts in known.items() for check in CHECKS for found in check(facts, site, limits)),
        *_skew(known, limits["skew_seconds"]),
    ]


def _silence(probe: Facts) -> tuple[str, str]:
    text = " ".join(str(probe.get(name, "")) for name in ("module_stderr", "module_stdout", "msg")).strip()
    if "python3" in text and re.search("not found|No such file", text):
        return "/usr/bin/python3 is missing", "apt-get install python3"
    return f"no answer to questions: {text[:200]}", "mend that, then try again"


def _system(facts: Facts, site: Facts, limits: Facts) -> Found:
    release = facts["release"]
    if (release["id"], release["version"]) != ("debian", "13"):
        yield "system", f"{release['name'] or 'an unknown system'} found, Debian 13 needed", "upgrade it to Debian 13"
    if not facts["root"]:
        yield "system", "logged in without root's rights", "write ansible_become: true on the host's line in hosts.yml"


def _podman(facts: Facts, site: Facts, limits: Facts) -> Found:
    version = tuple(int(part) for part in re.findall(r"\d+", facts["podman"])[:2])
    if version and version < LEAST_PODMAN:
        yield (
            "podman",
            f"podman {facts['podman']} found, 4.4 needed for Quadlet",
            "upgrade the host to Debian 13 (podman 5)",
        )


def _size(facts: Facts, site: Facts, limits: Facts) -> Found:
    if facts["memory_mb"] < limits["memory_mb"]:
        yield (
            "memory",
            f"{facts['memory_mb']} MB found, {limits['memory_mb']} MB needed",
            "add memory, or use another host",
        )
    free = facts["disk_mb"]["free"]
    if free < limits["disk_mb"]:
        yield "disk", f"{free} MB free in /var/lib, {limits['disk_mb']} MB needed", "free or add space in /var/lib"


def _clock(facts: Facts, site: Facts, limits: Facts) -> Found:
    if facts["installed"] and facts["clock_synchronized"] is False:
        remedy = "see timedatectl timesync-status: its time servers must be reachable"
        yield "clock", "the clock is not synchronized", remedy


def _overlay(facts: Facts, site: Facts, limits: Facts) -> Found:
    try:
        wanted = ipaddress.IPv4Network(f"{site.get('site_overlay_prefix')}.0.0/16")
    except ValueError:
        return
    for route in facts["routes"]:
        network = ipaddress.IPv4Network(route["network"], strict=False)
        if route["interface"] not in OVERLAY_INTERFACES and network.overlaps(wanted):
            found = f"{wanted} overlaps {network}, which the host reaches through {route['interface']}"
            yield "overlay", found, "choose another site_overlay_prefix in topology.yml"


def _ssh(facts: Facts, site: Facts, limits: Facts) -> Found:
    port = facts["ssh_port"]
    left_open = [site.get("site_ssh_port"), *site.get("site_open_ports", [])]
    if site.get("site_firewall") == "manage" and port is not None and port not in left_open:
        found = f"ssh came in at port {port}, the firewall would leave {left_open[0]} open"
        yield "ssh", found, f"set site_ssh_port: {port}, or add {port} to site_open_ports"


def _data(facts: Facts, site: Facts, limits: Facts) -> Found:
    before, after, jobs = facts["data_dir"], site.get("site_data_dir"), facts["jobs"]
    if before and before != after and jobs != 0:
        count = "an unknown number of jobs" if jobs is None else f"{jobs} jobs"
        found = f"site_data_dir moves from {before} to {after} with {count} queued or running"
        yield "data", found, f"set it back to {before}, let all jobs end (lmsvc status), copy the data, then move"


CHECKS = (_system, _podman, _size, _clock, _overlay, _ssh, _data)


def _skew(known: Mapping[str, Facts], bound: float) -> list[Finding]:
    offsets = {host: float(facts["clock_offset_seconds"]) for host, facts in known.items()}
    middle = sorted(offsets.values())[len(offsets) // 2] if offsets else 0.0
    return [
        (
            host,
            "clock",
            f"{offset - middle:+.0f} s against the other hosts, {bound:g} s allowed",
            "set the host's clock",
        )
        for host, offset in offsets.items()
        if abs(offset - middle) > bound
    ]


class FilterModule:
    """The filters, as Ansible looks them up."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"preflight_facts": preflight_facts}
