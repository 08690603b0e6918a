"""A stranger on the same network: a host that is in no inventory."""

import json

import pytest
from testinfra.host import Host

from tests.hosts.site import Site

PROGRAM = """
import concurrent.futures, json, socket, sys
def answers(place):
    try:
        socket.create_connection(tuple(place), 3).close()
        return True
    except OSError:
        return False
places = json.loads(sys.argv[1])
with concurrent.futures.ThreadPoolExecutor(200) as threads:
    found = list(threads.map(answers, places))
print(json.dumps([place for place, answered in zip(places, found) if answered]))
"""
INNER_PORTS = [*range(9097, 9099), 5432, *range(9200, 9211), 8080, 8443]
Place = tuple[str, int]


def answering(host: Host, places: list[Place]) -> set[Place]:
    """Return which of some places accept a connection from a host."""
    found = json.loads(host.check_output("python3 -c %s %s", PROGRAM, json.dumps(places)))
    return {(address, port) for address, port in found}


def services(site: Site) -> set[Place]:
    """Return where services listen inside the overlay while no job runs."""
    ports = {("catalog", 10): 9097, ("database", 11): 5432, ("web", 13): 8080, ("web", 14): 8443}
    return {(address, port) for (group, last), port in ports.items() for address in site.inner(group, last)}


def test_only_ssh_and_https_answer(site: Site) -> None:
    """On the hosts' own addresses a stranger reaches ssh, and https where the proxy is, and no service behind it."""
    addresses = [site.address(name) for name in site.lines]
    places = [(address, port) for address in addresses for port in (22, 443, *INNER_PORTS)]
    expected = {(address, 22) for address in addresses} | {(site.address(site.groups["web"][0]), 443)}
    assert answering(site.host("outside"), places) == expected


@pytest.mark.parametrize("through", ["alpha", "beta", "gamma"])
def test_no_way_leads_into_the_overlay(site: Site, through: str) -> None:
    """Services that answer a host of the overlay do not answer a stranger who sends packets for them to a host."""
    targets = services(site)
    managers = {(address, port) for address in site.inner("controller", 12) for port in range(9200, 9211)}
    assert answering(site.host(through), sorted(targets)) == targets
    outside = site.host("outside")
    outside.check_output(f"ip route replace 10.99.0.0/16 via {site.address(through)}")
    try:
        assert answering(outside, sorted(targets | managers)) == set()
    finally:
        outside.check_output("ip route del 10.99.0.0/16")


def test_nothing_is_said_without_the_token(site: Site) -> None:
    """Who asks at the proxy without the token is told that the service lives, and nothing else."""
    url = f"https://{site.address(site.groups['web'][0])}"
    program = (
        "import ssl, sys, urllib.request, urllib.error\n"
        "context = ssl._create_unverified_context()\n"
        "for path in sys.argv[2:]:\n"
        "    try: print(urllib.request.urlopen(sys.argv[1] + path, context=context, timeout=10).status)\n"
        "    except urllib.error.HTTPError as error: print(error.code)\n"
    )
    paths = "/healthz /api/v1/jobs /api/v1/pools / /-/data/jobs"
    codes = site.host("outside").check_output(f"python3 -c %s {url} {paths}", program).split()
    assert codes[:4] == ["200", "401", "401", "401"]
    assert codes[4] in ("401", "404")
