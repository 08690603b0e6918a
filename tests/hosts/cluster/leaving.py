"""What is left of a host that has left."""

import json

from tests.hosts.site import Site


def assert_clean(site: Site, name: str) -> None:
    """Fail unless a host has nothing of ours any more, and nobody knows it."""
    found = site.host(name).check_output("systemctl list-units --all --no-legend 'lmsvc*'; ls -d /etc/lmsvc || true")
    assert "lmsvc" not in found
    assert_forgotten(site, name)


def assert_forgotten(site: Site, name: str) -> None:
    """Fail unless record, cached keys, peers and drained hosts are without a host."""
    assert name not in json.loads((site.inventory / "cache" / "hosts.json").read_text())
    assert not (site.inventory / "cache" / "overlay" / f"{name}.pub").exists()
    for other in site.groups["worker"]:
        assert name not in site.host(other).check_output("cat /etc/lmsvc/overlay-peers")
    web = site.host(site.groups["web"][0])
    assert json.loads(web.check_output("cat /etc/lmsvc/pools/drained.json"))["hosts"] == []
