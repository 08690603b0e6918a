"""Write an inventory for test hosts: the example's own pages, the hosts' addresses, and what this machine needs.

Usage: ``python -m tests.hosts.lab SCENARIO.yml SSH_CONFIG INVENTORY`` takes the hosts with their groups from the
platforms of a scenario (key ``site_groups``), and their addresses from its ssh_config.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.hosts import machine

PROJECT = Path(__file__).parents[2]
EXAMPLE = PROJECT / "inventories" / "example" / "group_vars" / "all"
DATA_DIR = "/srv/lmsvc/data"
OWN_PAGE = "zz_lab.yml"


def addresses(ssh_config: Path) -> dict[str, str]:
    """Return the address of each host of an ssh_config."""
    words = [line.split() for line in ssh_config.read_text().splitlines()]
    return {word[1]: word[2] for word in words if len(word) == 3 and word[0] == "Host"}


def hosts_page(groups: dict[str, list[str]], at: dict[str, str]) -> dict[str, Any]:
    """Return hosts.yml: one line per host that has groups, numbered in their order, and the groups."""
    lines = {
        name: {"ansible_host": at[name], "ansible_user": "root", "host_number": number}
        for number, name in enumerate(groups, start=1)
    }
    members: dict[str, Any] = {}
    for name, names in groups.items():
        for group in names:
            members.setdefault(group, {"hosts": {}})["hosts"][name] = None
    login = {"ansible_ssh_common_args": "-F {{ inventory_dir }}/ssh_config"}
    return {"all": {"hosts": lines, "vars": login, "children": members}}


def own_page(shared: bool) -> dict[str, Any]:
    """Return what differs from the example: places in the cache, this machine's mirrors, the shared directory."""
    cache = Path(os.environ["LMSVC_TEST_CACHE"])
    page: dict[str, Any] = {
        "site_ca_bundle": machine.ca_bundle(),
        "site_apt_mirror": machine.apt_mirror(),
        "site_pip_index": machine.pip_index(),
        "images_store": str(cache / "images"),
    }
    return page | ({"site_data_dir": DATA_DIR, "site_job_data_shared": True} if shared else {})


def write(scenario: Path, ssh_config: Path, inventory: Path) -> None:
    """Write the inventory of a scenario anew; what the cluster cached beside it is forgotten with its hosts."""
    platforms = yaml.safe_load(scenario.read_text())["platforms"]
    groups = {host["name"]: host["site_groups"] for host in platforms if "site_groups" in host}
    shared = any("data:" in volume for host in platforms for volume in host.get("volumes", []))
    shutil.rmtree(inventory, ignore_errors=True)
    pages = inventory / "group_vars" / "all"
    pages.mkdir(parents=True)
    for page in sorted(EXAMPLE.glob("*.yml")):
        (pages / page.name).symlink_to(page)
    shutil.copy(ssh_config, inventory / "ssh_config")
    (pages / OWN_PAGE).write_text(yaml.safe_dump(own_page(shared)))
    hosts = hosts_page(groups, addresses(ssh_config))
    (inventory / "hosts.yml").write_text(yaml.safe_dump(hosts, sort_keys=False))


if __name__ == "__main__":
    write(*map(Path, sys.argv[1:4]))
