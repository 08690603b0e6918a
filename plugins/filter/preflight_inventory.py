"""Preflight's checks of hosts and groups as the inventory names them; nothing here asks a host."""

import difflib
import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Finding = tuple[str, str, str, str]
"""Host or ``site``, check, what was found, what to do."""

ONE = ("builder", "database", "catalog", "web")
MANY = ("controller", "worker")
OWN = {*ONE, *MANY, "all", "ungrouped"}


def preflight_groups(groups: Mapping[str, Sequence[str]]) -> list[Finding]:
    """Find groups that are empty or too large, and names that are nearly those of groups."""
    return [*_sizes(groups), *_misspelt(groups)]


def _sizes(groups: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    for name in (*ONE, *MANY):
        hosts = list(groups.get(name, []))
        if not hosts:
            yield "site", "groups", f"group {name} has no host", f"name a host in group {name} in hosts.yml"
        elif name in ONE and len(hosts) > 1:
            found = f"group {name} has {len(hosts)} hosts: {', '.join(hosts)}"
            yield "site", "groups", found, f"leave one host in group {name}; only {' and '.join(MANY)} may have several"


def _misspelt(groups: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    for name in sorted(set(groups) - OWN):
        for near in difflib.get_close_matches(name, [*ONE, *MANY], 1, 0.75):
            yield (
                "site",
                "groups",
                f"group {name} means nothing here",
                f"rename it to {near}, or to something less alike",
            )


def preflight_hosts(hosts: Mapping[str, Mapping[str, Any]], prefix: str) -> list[Finding]:
    """Find hosts without or with shared address or number, and addresses inside the overlay."""
    return [
        *(finding for host, values in hosts.items() for finding in _host(host, values, prefix)),
        *_shared(hosts, "ansible_host", "give each host its own address; one machine is one line in hosts.yml"),
        *_shared(hosts, "host_number", "give each host its own host_number"),
    ]


def _host(host: str, values: Mapping[str, Any], prefix: str) -> Iterator[Finding]:
    if not values.get("ansible_host"):
        yield host, "address", "ansible_host is missing", "write ansible_host on the host's line in hosts.yml"
    elif _inside(str(values["ansible_host"]), f"{prefix}.0.0/16"):
        found = f"ansible_host {values['ansible_host']} is inside the overlay {prefix}.0.0/16"
        yield host, "address", found, "choose another site_overlay_prefix, or the host's address outside the overlay"
    number = values.get("host_number")
    if isinstance(number, bool) or not str(number).isdecimal() or not 1 <= int(str(number)) <= 254:
        found = "host_number is missing" if number is None else f"host_number is {number}"
        yield host, "address", found, "write a host_number from 1 to 254 on the host's line in hosts.yml"


def _shared(hosts: Mapping[str, Mapping[str, Any]], name: str, remedy: str) -> Iterator[Finding]:
    owners: dict[str, list[str]] = {}
    for host, values in hosts.items():
        if values.get(name) is not None:
            owners.setdefault(str(values[name]), []).append(host)
    for value, several in owners.items():
        for host in several if len(several) > 1 else []:
            others = ", ".join(other for other in several if other != host)
            yield host, "address", f"{name} {value} is also that of {others}", remedy


def _inside(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def preflight_sharing(groups: Mapping[str, Sequence[str]], site: Mapping[str, Any]) -> list[Finding]:
    """Find a web host and controllers that could not see the same job data."""
    web, controllers = groups.get("web", []), groups.get("controller", [])
    if site.get("site_job_data_shared") is True or not web or not controllers or list(controllers) == list(web):
        return []
    found = f"web is on {', '.join(web)}, controllers on {', '.join(controllers)}, and site_job_data_shared is not true"
    remedy = (
        "the proxy serves the files that controllers write: put both on one host, or mount one site_data_dir on all of "
        "them (NFS, for instance) and set site_job_data_shared: true"
    )
    return [("site", "data", found, remedy)]


class FilterModule:
    """The filters, as Ansible looks them up."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {function.__name__: function for function in (preflight_groups, preflight_hosts, preflight_sharing)}
