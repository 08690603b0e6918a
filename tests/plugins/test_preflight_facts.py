"""Preflight's checks of what hosts report, with reports made up."""

from typing import Any

import pytest

from plugins.filter.preflight_facts import preflight_facts
from plugins.filter.preflight_report import preflight_report

LIMITS = {"memory_mb": 900, "disk_mb": 3000, "skew_seconds": 10}
SITE = {
    "site_overlay_prefix": "10.99",
    "site_firewall": "manage",
    "site_ssh_port": 22,
    "site_open_ports": [],
    "site_data_dir": "/var/lib/lmsvc/data",
}
GOOD: dict[str, Any] = {
    "clock_offset_seconds": 0.4,
    "clock_synchronized": None,
    "cores": 4,
    "data_dir": "",
    "disk_mb": {"total": 100_000, "free": 50_000},
    "installed": False,
    "jobs": 0,
    "memory_mb": 8000,
    "podman": "5.4.2",
    "python": "3.13",
    "release": {"id": "debian", "version": "13", "name": "Debian GNU/Linux 13 (trixie)"},
    "root": True,
    "routes": [{"interface": "eth0", "network": "192.0.2.0/255.255.255.0"}],
    "ssh_port": 22,
}


def checks(**changed: object) -> list[tuple[str, str]]:
    """Return check and problem of each finding for a host that differs so from a good one."""
    findings = preflight_facts({"alpha": {"facts": GOOD | changed}}, SITE, LIMITS)
    assert all(host == "alpha" and remedy for host, _, _, remedy in findings)
    return [(check, problem) for _, check, problem, _ in findings]


def test_a_good_host_is_fine() -> None:
    """Nothing is found where nothing is wrong."""
    assert checks() == []


@pytest.mark.parametrize(
    ("changed", "check", "words"),
    [
        ({"release": {"id": "debian", "version": "12", "name": "Debian GNU/Linux 12"}}, "system", "Debian 13 needed"),
        ({"root": False}, "system", "without root's rights"),
        ({"podman": "4.3.1"}, "podman", "podman 4.3.1 found, 4.4 needed"),
        ({"memory_mb": 500}, "memory", "500 MB found, 900 MB needed"),
        ({"disk_mb": {"total": 9000, "free": 100}}, "disk", "100 MB free"),
        ({"installed": True, "clock_synchronized": False}, "clock", "not synchronized"),
        ({"routes": [{"interface": "eth1", "network": "10.0.0.0/255.0.0.0"}]}, "overlay", "10.0.0.0/8"),
        ({"ssh_port": 2222}, "ssh", "ssh came in at port 2222"),
        ({"data_dir": "/srv/old", "jobs": 3}, "data", "3 jobs queued or running"),
        ({"data_dir": "/srv/old", "jobs": None}, "data", "an unknown number of jobs"),
    ],
)
def test_each_fault_of_a_host_is_found(changed: dict[str, Any], check: str, words: str) -> None:
    """One fault is one finding, under its check, with what was found."""
    [(found, problem)] = checks(**changed)
    assert found == check
    assert words in problem


def test_all_faults_are_found_at_once() -> None:
    """The first fault hides no other."""
    assert [check for check, _ in checks(podman="4.3.1", memory_mb=1, ssh_port=2222)] == ["podman", "memory", "ssh"]


@pytest.mark.parametrize(
    "changed",
    [
        {"podman": ""},
        {"podman": "4.4.0"},
        {"clock_synchronized": False},
        {"routes": [{"interface": "lm-overlay", "network": "10.99.2.0/255.255.255.0"}]},
        {"ssh_port": None},
        {"data_dir": "/srv/old", "jobs": 0},
        {"data_dir": "/var/lib/lmsvc/data", "jobs": 3},
    ],
)
def test_what_is_no_fault_is_not_found(changed: dict[str, Any]) -> None:
    """A bare host, an installed one, and one whose queue is empty are fine."""
    assert checks(**changed) == []


def test_a_port_left_open_is_enough_for_ssh() -> None:
    """Who opens the port that ssh uses is not locked out, nor who keeps the own firewall."""
    probes = {"alpha": {"facts": GOOD | {"ssh_port": 2222}}}
    assert preflight_facts(probes, SITE | {"site_open_ports": [2222]}, LIMITS) == []
    assert preflight_facts(probes, SITE | {"site_firewall": "off"}, LIMITS) == []


def test_the_host_whose_clock_differs_is_named() -> None:
    """Clocks are compared with each other; the odd one out is the fault."""
    probes = {
        name: {"facts": GOOD | {"clock_offset_seconds": off}} for name, off in zip("abc", (0.1, 60, 0.9), strict=True)
    }
    [finding] = preflight_facts(probes, SITE, LIMITS)
    assert finding[:2] == ("b", "clock")
    assert "+59 s" in finding[2]


def test_a_host_without_python_is_told_what_to_install() -> None:
    """A host that answers ssh and cannot be asked is a fault; one that is away is none."""
    silent = {"module_stdout": "/bin/sh: 1: /usr/bin/python3: not found", "msg": "MODULE FAILURE"}
    findings = preflight_facts({"a": silent, "b": {"unreachable": True, "msg": "No route to host"}}, SITE, LIMITS)
    assert findings == [("a", "reach", "/usr/bin/python3 is missing", "apt-get install python3")]


def test_the_report_is_a_table_and_a_list() -> None:
    """Hosts by checks, then each fault with its remedy; a host that is away is shown and is no fault."""
    probes: dict[str, dict[str, Any]] = {
        "alpha": {"facts": GOOD},
        "beta": {"unreachable": True, "msg": "Failed: ssh: No route to host"},
    }
    lines = preflight_report(
        [("alpha", "disk", "100 MB free", "free some")], probes, ["alpha", "beta", "gamma"]
    ).splitlines()
    rows = {line.split()[0]: dict(zip(lines[0].split()[1:], line.split()[1:], strict=True)) for line in lines[1:5]}
    assert rows["alpha"]["disk"] == "FAIL"
    assert rows["alpha"]["reach"] == rows["alpha"]["memory"] == "ok"
    assert (rows["beta"]["reach"], rows["beta"]["disk"], rows["beta"]["address"]) == ("away", "-", "ok")
    assert (rows["gamma"]["reach"], rows["site"]["groups"], rows["site"]["disk"]) == ("-", "ok", "-")
    assert lines[6:] == [
        "away  beta: No route to host",
        "      -> the other hosts are set up without it; run the playbook again when it is back",
        "FAIL  alpha, disk: 100 MB free",
        "      -> free some",
    ]
