"""Preflight's checks of the site's settings and pools against each other; nothing here asks a host."""

import difflib
import ipaddress
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Finding = tuple[str, str, str, str]
"""Host or ``site``, check, what was found, what to do."""

POOL_NAME = re.compile(r"[a-z][a-z0-9]{0,19}")
POOL = {"categories": list, "image": str, "slots": Mapping, "cores": int, "memory_mb": int, "disk_mb": int}
BACKENDS = ("factory", "slurm")
OPTIONAL = {"hosts", "gpus", "backend"}


def preflight_values(site: Mapping[str, Any]) -> list[Finding]:
    """Find settings that are of the right type and still cannot work."""
    found = [text for check in VALUES for text in check(site)]
    return [("site", "settings", problem, remedy) for problem, remedy in found]


def _prefix(site: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    prefix = str(site.get("site_overlay_prefix", "10.99"))
    try:
        private = ipaddress.ip_network(f"{prefix}.0.0/16").is_private
    except ValueError:
        private = False
    if not private:
        yield f"site_overlay_prefix is {prefix!r}", 'write the first two numbers of a private network, such as "10.99"'


def _ports(site: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    managers = list(site.get("site_manager_ports", []))
    if len(managers) != 2 or not 1024 <= managers[0] <= managers[1] <= 65535:
        yield f"site_manager_ports is {managers}", "write first and last port, such as [9200, 9399]"
    single = {name: port for name, port in site.items() if name.endswith("_port") and isinstance(port, int)}
    for name, port in single.items():
        if not 1 <= port <= 65535:
            yield f"{name} is {port}", "write a port from 1 to 65535"
    if site.get("site_https_port") == site.get("site_ssh_port"):
        yield "site_https_port is ssh's port", "choose another port for one of them"


def _certificate(site: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    paths = {name: site.get(name, "") for name in ("site_certificate", "site_certificate_key")}
    if len([path for path in paths.values() if path]) == 1:
        yield (
            "only one of site_certificate and site_certificate_key is set",
            "set both, or none for a certificate of our own",
        )
    yield from _files(paths)


def _mail(site: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Find a password's file that is not there, one that would have to lie on a host, and one for no server."""
    path = site.get("site_mail_password_file", "")
    yield from _files({"site_mail_password_file": path})
    notices = site.get("site_settings", {}).get("notices", {})
    mail = notices.get("mail", {}) if isinstance(notices, Mapping) else {}
    if "password_file" in mail:
        yield (
            "site_settings notices mail has password_file",
            "name the file on the control node in site_mail_password_file instead; it becomes a secret of podman",
        )
    if path and not mail.get("user"):
        yield "site_mail_password_file is set, but no name to sign in with", "set user below notices and mail"


def _bundle(site: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _files({"site_ca_bundle": site.get("site_ca_bundle", "")})


def _files(paths: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, path in paths.items():
        if path and not Path(path).expanduser().is_file():
            yield f"{name}: there is no file {path} on the control node", "correct the path"


def _base(site: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    reference = site.get("site_images_base_reference", "")
    if site.get("site_images_base") == "registry" and not re.search(r"@sha256:[0-9a-f]{64}$", reference):
        found = f"site_images_base_reference is {reference!r}"
        yield found, "pin the image: name@sha256:digest; a tag may name another image tomorrow"


def _data_dir(site: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    path = Path(str(site.get("site_data_dir", "/")))
    if not path.is_absolute() or len(path.parts) < 3:
        yield f"site_data_dir is {path}", "write an absolute path of its own, at least two levels deep"


def _overcommit(site: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    ratio = site.get("site_overcommit", 1.0)
    if not 0 < ratio <= 16:
        yield f"site_overcommit is {ratio}", "write 1.0, or 2.0 for twice as many slots as there are cores"


VALUES = (_prefix, _ports, _certificate, _mail, _bundle, _base, _data_dir, _overcommit)


def preflight_pools(
    pools: Mapping[str, Mapping[str, Any]], workers: Sequence[str], images: Collection[str]
) -> list[Finding]:
    """Find pools that are misnamed, incomplete, of an unknown image, or on no worker host."""
    if not isinstance(pools, Mapping) or not pools:
        return [("site", "pools", "site_pools has no pool", "describe at least one pool in pools.yml")]
    found = [text for name, pool in pools.items() for text in _pool(name, pool, workers, images)]
    return [("site", "pools", problem, remedy) for problem, remedy in found]


def _pool(
    name: str, pool: Mapping[str, Any], workers: Sequence[str], images: Collection[str]
) -> Iterator[tuple[str, str]]:
    if not POOL_NAME.fullmatch(str(name)):
        yield f"pool {name!r} has a name that cannot be", "use small letters and digits, a letter first, at most 20"
    if not isinstance(pool, Mapping):
        yield f"pool {name} is {pool!r}", "describe it as the pools in inventories/example are"
        return
    yield from _keys(name, pool)
    yield from _slots(name, pool.get("slots"))
    yield from _backend(name, pool)
    yield from _gpus(name, pool)
    yield from _image(name, pool, images)
    yield from _hosts(name, pool, workers)


def _image(name: str, pool: Mapping[str, Any], images: Collection[str]) -> Iterator[tuple[str, str]]:
    image = pool.get("image", "worker")
    if image not in images:
        near = difflib.get_close_matches(str(image), images, 1)
        hint = (
            f"did you mean {near[0]}?" if near else f"use one of {', '.join(sorted(images))}, or add it to site_images"
        )
        yield f"pool {name}: no image {image}", hint


def _hosts(name: str, pool: Mapping[str, Any], workers: Sequence[str]) -> Iterator[tuple[str, str]]:
    hosts = pool.get("hosts", workers)
    if not hosts or isinstance(hosts, str):
        yield f"pool {name} has no list of hosts", "name worker hosts in brackets, or leave hosts out for all of them"
        return
    for host in [host for host in hosts if host not in workers]:
        yield (
            f"pool {name}: {host} is not in group worker",
            f"add {host} to group worker in hosts.yml, or remove it here",
        )


def _keys(name: str, pool: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in sorted(set(pool) - {*POOL, *OPTIONAL}):
        near = difflib.get_close_matches(key, [*POOL, *OPTIONAL], 1)
        yield f"pool {name}: {key} means nothing", f"did you mean {near[0]}?" if near else "remove it"
    for key, kind in POOL.items():
        value = pool.get(key)
        if not isinstance(value, kind) or isinstance(value, bool):
            yield f"pool {name}: {key} is {value!r}" if key in pool else f"pool {name}: {key} is missing", _example(key)
        elif isinstance(value, int) and value < 1:
            yield f"pool {name}: {key} is {value}", "write 1 or more"


def _slots(name: str, slots: object) -> Iterator[tuple[str, str]]:
    if not isinstance(slots, Mapping):
        return
    bounds = [slots.get("min"), slots.get("max")]
    whole = [bound for bound in bounds if isinstance(bound, int) and not isinstance(bound, bool) and bound >= 0]
    if len(whole) != len(slots) or len(whole) != 2:
        yield f"pool {name}: slots is {dict(slots)!r}", WRITTEN["slots"]
    elif whole[0] > whole[1]:
        yield f"pool {name}: slots has min {whole[0]} above max {whole[1]}", "write the smaller number as min"


def _backend(name: str, pool: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    backend = pool.get("backend", "factory")
    if backend not in BACKENDS:
        yield f"pool {name}: backend is {backend!r}", f"write {' or '.join(BACKENDS)}, or leave it out"
    elif backend != "factory" and "hosts" in pool:
        yield f"pool {name} of backend {backend} names hosts", "remove hosts: the batch system chooses the nodes"


def _gpus(name: str, pool: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    gpus = pool.get("gpus", 0)
    if not isinstance(gpus, int) or isinstance(gpus, bool) or gpus < 0:
        yield f"pool {name}: gpus is {gpus!r}", "write how many each slot has, or leave it out for none"
    elif gpus and pool.get("backend") == "slurm":
        found = f"pool {name} of backend slurm has gpus: {gpus}"
        yield found, "leave gpus out: its jobs ask Slurm for cores and memory only"


WRITTEN = {
    "categories": 'write a list, such as [sdm] or ["*"]',
    "image": "write worker",
    "slots": "write {min: 0, max: 4}, or one number for both",
}


def _example(key: str) -> str:
    return WRITTEN.get(key, "write a number")


class FilterModule:
    """The filters, as Ansible looks them up."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {function.__name__: function for function in (preflight_values, preflight_pools)}
