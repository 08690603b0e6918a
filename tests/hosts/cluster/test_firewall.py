"""A site that keeps its own firewall."""

import pytest

from tests.hosts.site import Site

pytestmark = [pytest.mark.full, pytest.mark.timeout(1800)]

OWN = "site_own"


def tables(site: Site, name: str) -> set[str]:
    """Return the names of a host's nftables tables."""
    return {line.split()[-1] for line in site.host(name).check_output("nft list tables").splitlines()}


def with_table(site: Site, present: bool) -> set[str]:
    """Return the hosts that have our table, or those that have not; the site's own table must be on all."""
    found = {name: tables(site, name) for name in site.lines}
    assert all(OWN in names for names in found.values()), found
    return {name for name, names in found.items() if ("lmsvc" in names) is present}


def test_firewall_left_to_the_site(site: Site) -> None:
    """Switched off, our table is gone everywhere, the site's rules stay and all is healthy; and it comes back."""
    for name in site.lines:
        site.host(name).check_output(f"nft add table inet {OWN}")
    try:
        with site.setting(site_firewall="off"):
            assert site.playbook("site", "--tags", "hosts").returncode == 0
            assert with_table(site, present=False) == set(site.lines)
            assert site.healthy_within(60)
    finally:
        assert site.playbook("site", "--tags", "hosts").returncode == 0
    assert with_table(site, present=True) == set(site.lines)
    for name in site.lines:
        site.host(name).check_output(f"nft delete table inet {OWN}")
