"""The filters of wiring.yml and of the health report."""

from typing import Any

from plugins.filter.health import health_findings, health_report
from plugins.filter.wiring import (
    hosts_of_pools,
    images_of_groups,
    overlay_peers,
    pools_on_host,
    pools_with_references,
    secrets_of_groups,
    units_of_groups,
)

POOLS: dict[str, dict[str, Any]] = {
    "rest": {"image": "worker", "slots": {"min": 0, "max": 2}},
    "sdm": {"image": "worker-elapid", "slots": {"min": 1, "max": 1}, "hosts": ["beta"]},
}
HEALTHY: dict[str, Any] = {"units": {"lmsvc.target": "active"}, "paths": {"beta": True}, "catalog": "", "proxy": ""}


def test_a_host_serves_pools_that_name_it_or_nobody() -> None:
    """A host outside the group worker serves none."""
    assert list(pools_on_host(POOLS, "alpha", ["alpha", "beta"])) == ["rest"]
    assert list(pools_on_host(POOLS, "beta", ["alpha", "beta"])) == ["rest", "sdm"]
    assert pools_on_host(POOLS, "gamma", ["alpha", "beta"]) == {}
    assert hosts_of_pools(POOLS, ["alpha", "beta"]) == {"rest": ["alpha", "beta"], "sdm": ["beta"]}
    assert hosts_of_pools({"none": {"slots": {"min": 0, "max": 0}}}, ["alpha"]) == {}


def test_no_host_serves_a_batch_systems_pool() -> None:
    """Our units start none of its slots, and the health report expects them nowhere."""
    batch = {"long": {"image": "worker", "slots": {"min": 0, "max": 2}, "backend": "slurm"}}
    assert pools_on_host(batch, "alpha", ["alpha"]) == {}
    assert hosts_of_pools(batch, ["alpha"]) == {}


def test_images_follow_groups_and_pools() -> None:
    """A host gets the images it runs and no other."""
    assert images_of_groups(["web", "worker"], {"rest": POOLS["rest"]}) == ["proxy", "web", "worker"]
    assert images_of_groups(["builder"], {}) == []
    assert pools_with_references({"rest": POOLS["rest"]}, {"worker": "w:1"})["rest"]["reference"] == "w:1"


def test_secrets_follow_groups_and_pools() -> None:
    """A worker host knows the passwords of its own pools only, and nothing of the database."""
    rest = {"rest": POOLS["rest"]}
    assert secrets_of_groups(["worker"], POOLS, rest) == ["lmsvc-pool-rest", "lmsvc-pool-rest-previous"]
    assert "lmsvc-pool-sdm" in secrets_of_groups(["controller"], POOLS, rest)
    assert secrets_of_groups(["catalog"], POOLS, {}) == []
    for group in ("web", "controller"):
        assert "lmsvc-notices-key" in secrets_of_groups([group], {}, {})


def test_peers_are_all_hosts_but_one() -> None:
    """A host is no peer of its own."""
    peers = overlay_peers(["a", "b"], [1, 2], ["192.0.2.1", "192.0.2.2"], "a")
    assert peers == [{"name": "b", "number": 2, "endpoint": "192.0.2.2"}]


def test_units_follow_groups_pools_and_firewall() -> None:
    """The firewall's unit is expected only where we manage it."""
    assert "lmsvc-firewall" not in units_of_groups(["web"], {}, "off")
    assert {"lmsvc-firewall", "lmsvc-web", "lmsvc-proxy"} <= set(units_of_groups(["web"], {}, "manage"))
    assert "lmsvc-worker-rest" in units_of_groups(["worker"], {"rest": POOLS["rest"]}, "off")


def test_a_healthy_cluster_has_no_findings() -> None:
    """All units active, all paths open, a job back from every pool and host: a table with its seconds."""
    jobs = {"code": 0, "answer": [{"pool": "rest", "host": "alpha", "seconds": 0.94, "ok": True}]}
    probes = {"alpha": {"facts": HEALTHY | {"ready": {"ready": True, "checks": {}}, "jobs": jobs}}}
    assert health_findings(probes, {"rest": ["alpha"]}) == []
    assert "0.9 s" in health_report(probes, {"rest": ["alpha"]}, [])


def test_a_host_without_slots_in_a_pool_has_no_seconds() -> None:
    """Where a pool wants no slots no job is tried: that is no finding, and a dash in the table."""
    jobs = {"code": 0, "answer": [{"pool": "rest", "host": "alpha", "seconds": None, "ok": True}]}
    probes = {"alpha": {"facts": HEALTHY | {"ready": {"ready": True, "checks": {}}, "jobs": jobs}}}
    assert health_findings(probes, {"rest": ["alpha"]}) == []
    assert health_report(probes, {"rest": ["alpha"]}, []).splitlines()[1].split()[-1] == "-"


def test_everything_ill_is_found_at_once() -> None:
    """A dead unit, a closed path, a silent catalog, a controller away and a silent pool are five findings."""
    ready = {"ready": False, "checks": {"controller": {"ready": False, "detail": "no heartbeat"}}}
    ill = {"units": {"lmsvc-web": "failed"}, "paths": {"beta": False}, "catalog": "refused", "ready": ready}
    probes = {"alpha": {"facts": HEALTHY | ill | {"jobs": {"code": 1, "answer": []}}}, "beta": {"facts": HEALTHY}}
    found = [(host, check) for host, check, _, _ in health_findings(probes, {"rest": ["beta"]})]
    assert found == [
        ("alpha", "units"),
        ("alpha", "overlay"),
        ("alpha", "catalog"),
        ("alpha", "controller"),
        ("beta", "jobs"),
    ]


def test_a_host_that_is_away_is_no_finding_of_the_others() -> None:
    """The play has said that it is away; paths and jobs there are not counted again."""
    jobs: dict[str, Any] = {"code": 0, "answer": []}
    probes: dict[str, dict[str, Any]] = {
        "alpha": {"facts": HEALTHY | {"paths": {"beta": False}, "jobs": jobs}},
        "beta": {"unreachable": True},
    }
    assert health_findings(probes, {"rest": ["beta"]}) == []
    assert "away" in health_report(probes, {"rest": ["beta"]}, [])
