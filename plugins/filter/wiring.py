"""Filters that turn the pages of an inventory into what roles ask for; used by wiring.yml."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lmsvc.planning.bounds import pools_of_hosts

Pools = Mapping[str, Mapping[str, Any]]

IMAGES = {"database": ["database"], "catalog": ["catalog"], "web": ["web", "proxy"], "controller": ["controller"]}
SECRETS = {
    "database": ["lmsvc-database-password", "lmsvc-database-pgpass"],
    "web": ["lmsvc-database-pgpass", "lmsvc-api-token", "lmsvc-notices-key"],
    "controller": ["lmsvc-database-pgpass", "lmsvc-notices-key"],
}


def pools_on_host(pools: Pools, host: str, workers: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return the pools that a host serves: those that name it, and on a worker host those that name none."""
    own = pools_of_hosts(pools) if host in workers else {}
    return {name: pool for name, pool in own.items() if host in pool.get("hosts", workers)}


def pools_with_references(pools: Pools, references: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return pools, each with the reference of its image."""
    return {name: {**pool, "reference": references[pool["image"]]} for name, pool in pools.items()}


def overlay_peers(
    hosts: Sequence[str], numbers: Sequence[int], endpoints: Sequence[str], host: str
) -> list[dict[str, Any]]:
    """Return name, number and endpoint of every host but one."""
    peers = zip(hosts, numbers, endpoints, strict=True)
    return [dict(name=name, number=int(number), endpoint=end) for name, number, end in peers if name != host]


def images_of_groups(groups: Iterable[str], pools: Pools) -> list[str]:
    """Return the images that a host in these groups, with these pools, runs."""
    services = [image for group in groups for image in IMAGES.get(group, [])]
    return sorted({*services, *(pool["image"] for pool in pools.values())})


def secrets_of_groups(groups: Sequence[str], pools: Pools, host_pools: Pools) -> list[str]:
    """Return the secrets that a host in these groups uses: a controller every pool's, a worker those of its pools."""
    services = [secret for group in groups for secret in SECRETS.get(group, [])]
    served = pools if "controller" in groups else host_pools
    return sorted({*services, *(f"lmsvc-pool-{name}{end}" for name in served for end in ("", "-previous"))})


def units_of_groups(groups: Sequence[str], pools: Pools, firewall: str) -> list[str]:
    """Return the units that are active on a host in these groups, with these pools."""
    overlay = ["wg-quick@lm-overlay", "lmsvc-bridge", *(["lmsvc-firewall"] if firewall == "manage" else [])]
    services = [f"lmsvc-{image}" for group in groups for image in IMAGES.get(group, [])]
    return ["lmsvc.target", *overlay, *services, *(f"lmsvc-worker-{name}" for name in pools)]


def hosts_of_pools(pools: Pools, workers: Sequence[str]) -> dict[str, list[str]]:
    """Return the hosts of each pool that may have slots."""
    own = pools_of_hosts(pools)
    served = {name: [host for host in workers if host in pool.get("hosts", workers)] for name, pool in own.items()}
    return {name: hosts for name, hosts in served.items() if pools[name]["slots"]["max"] > 0}


def addresses_of_peers(peers: Sequence[Mapping[str, Any]], prefix: str) -> dict[str, str]:
    """Return the address of each peer's bridge in the overlay."""
    return {peer["name"]: f"{prefix}.{peer['number']}.1" for peer in peers}


class FilterModule:
    """The filters, as Ansible looks them up."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        used_by_services = (pools_on_host, pools_with_references, overlay_peers, images_of_groups, secrets_of_groups)
        used_by_health = (units_of_groups, hosts_of_pools, addresses_of_peers)
        return {function.__name__: function for function in (*used_by_services, *used_by_health)}
