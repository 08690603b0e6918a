"""Preflight's checks of hosts and groups, without a host."""

from typing import Any

from plugins.filter.preflight_inventory import preflight_groups, preflight_hosts, preflight_sharing

GROUPS = {name: ["alpha"] for name in ("builder", "database", "catalog", "web", "controller", "worker")}
HOSTS: dict[str, dict[str, Any]] = {
    "alpha": {"ansible_host": "192.0.2.11", "host_number": 1},
    "beta": {"ansible_host": "192.0.2.12", "host_number": 2},
}


def problems(findings: list[tuple[str, str, str, str]]) -> list[tuple[str, str]]:
    """Return where each finding is and what it says."""
    assert all(remedy for *_, remedy in findings)
    return [(host, problem) for host, _, problem, _ in findings]


def test_all_services_on_one_host_are_fine() -> None:
    """Groups may overlap."""
    assert preflight_groups(GROUPS) == []


def test_each_missing_group_is_found() -> None:
    """An absent group and an empty one are the same fault, and both are reported at once."""
    groups = {name: hosts for name, hosts in GROUPS.items() if name != "catalog"} | {"worker": []}
    assert problems(preflight_groups(groups)) == [
        ("site", "group catalog has no host"),
        ("site", "group worker has no host"),
    ]


def test_a_second_database_is_found() -> None:
    """Some services are on one host."""
    [finding] = preflight_groups(GROUPS | {"database": ["alpha", "beta"]})
    assert finding[2] == "group database has 2 hosts: alpha, beta"


def test_a_misspelt_group_is_found_and_a_foreign_one_is_not() -> None:
    """A site may have groups of its own, unless they look like ours."""
    [finding] = preflight_groups(GROUPS | {"workers": ["beta"], "rack_seven": ["beta"]})
    assert "workers" in finding[2]
    assert "worker" in finding[3]


def test_good_hosts_are_fine() -> None:
    """Different addresses and numbers are no fault."""
    assert preflight_hosts(HOSTS, "10.99") == []


def test_the_same_address_twice_is_found_on_both_hosts() -> None:
    """Each of the two lines is named, with the other one."""
    hosts = HOSTS | {"beta": {"ansible_host": "192.0.2.11", "host_number": 2}}
    assert problems(preflight_hosts(hosts, "10.99")) == [
        ("alpha", "ansible_host 192.0.2.11 is also that of beta"),
        ("beta", "ansible_host 192.0.2.11 is also that of alpha"),
    ]


def test_the_same_number_twice_is_found() -> None:
    """Two hosts would have one subnet."""
    hosts = HOSTS | {"beta": {"ansible_host": "192.0.2.12", "host_number": 1}}
    assert [host for host, _ in problems(preflight_hosts(hosts, "10.99"))] == ["alpha", "beta"]


def test_numbers_that_cannot_be_are_found() -> None:
    """0, 255, none at all and a word have no subnet."""
    hosts = {str(number): {"ansible_host": f"h{number}", "host_number": number} for number in (0, 255, None, "x", 254)}
    found = [host for host, _ in problems(preflight_hosts(hosts, "10.99"))]
    assert found == ["0", "255", "None", "x"]


def test_an_address_inside_the_overlay_is_found() -> None:
    """The overlay cannot run between its own addresses."""
    [(host, problem)] = problems(preflight_hosts({"alpha": {"ansible_host": "10.99.7.1", "host_number": 1}}, "10.99"))
    assert (host, problem) == ("alpha", "ansible_host 10.99.7.1 is inside the overlay 10.99.0.0/16")


def test_web_and_controller_apart_need_shared_data() -> None:
    """The proxy serves files that controllers write, so the refusal says why."""
    apart = GROUPS | {"controller": ["beta"]}
    [finding] = preflight_sharing(apart, {"site_job_data_shared": False})
    assert "the proxy serves the files that controllers write" in finding[3]
    assert preflight_sharing(apart, {"site_job_data_shared": True}) == []
    assert preflight_sharing(GROUPS, {"site_job_data_shared": False}) == []


def test_several_controllers_need_shared_data() -> None:
    """One of two controllers could not see the other's jobs."""
    assert len(preflight_sharing(GROUPS | {"controller": ["alpha", "beta"]}, {"site_job_data_shared": False})) == 1
