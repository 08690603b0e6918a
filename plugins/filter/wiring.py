"""Filters that turn the pages of an inventory into what roles ask for; used by wiring.yml."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Pools = Mapping[str, Mapping[str, Any]]

IMAGES = {"database": ["database"], "catalog": ["catalog"], "web": ["web", "proxy"], "controller": ["controller"]}
SECRETS = {
    "database": ["lmsvc-database-password", "lmsvc-database-pgpass"],
    "web": ["lmsvc-database-pgpass", "lmsvc-api-token"],
    "controller": ["lmsvc-database-pgpass"],
}


def pools_on_host(pools: Pools, host: str, workers: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return the pools that a host serves: those that name it, and on a worker host those that name none."""
    return {name: pool for name, pool in pools.items() if host in workers and host in pool.get("hosts", workers)}


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


class FilterModule:
    """The filters, as Ansible looks them up."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            function.__name__: function
            for function in (pools_on_host, pools_with_references, overlay_peers, images_of_groups, secrets_of_groups)
        }
