"""Preflight as it is run: wrong inventories are refused with all faults at once. This machine is all hosts."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ansible.tree import EXAMPLE, PROGRAMS, ROOT

pytestmark = pytest.mark.slow

Change = dict[str, dict[str, Any]]

LINE = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
HOSTS: Change = {
    "alpha": LINE | {"ansible_host": "192.0.2.11", "host_number": 1},
    "beta": LINE | {"ansible_host": "192.0.2.12", "host_number": 2},
}
GROUPS = {name: ["alpha"] for name in ("builder", "database", "catalog", "web", "controller")} | {"worker": list(HOSTS)}


def inventory(directory: Path, hosts: Change, groups: dict[str, list[str]], extra: dict[str, Any]) -> Path:
    """Return a copy of the example with other hosts and groups and a page of more settings."""
    shutil.copytree(EXAMPLE, directory / "site", ignore=shutil.ignore_patterns("cache"))
    children = {name: {"hosts": dict.fromkeys(members)} for name, members in groups.items()}
    text = yaml.safe_dump({"all": {"hosts": hosts, "children": children}})
    (directory / "site" / "hosts.yml").write_text(text, encoding="utf-8")
    (directory / "site" / "group_vars" / "all" / "zz.yml").write_text(yaml.safe_dump(extra), encoding="utf-8")
    return directory / "site"


def faults(site: Path, *more: str) -> tuple[int, list[str]]:
    """Return the exit code of preflight.yml and what it found, without what only says that this is no service host."""
    words = [str(PROGRAMS / "ansible-playbook"), "playbooks/preflight.yml", "-i", str(site), *more]
    environment = os.environ | {"ANSIBLE_NOCOLOR": "1", "COLUMNS": "200"}
    ran = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert "Show every fault of every host" in ran.stdout, ran.stdout + ran.stderr
    found = re.findall(r"^ +FAIL  (\w+, \w+: .*)$", ran.stdout, re.MULTILINE)
    about_this_machine = ("system", "podman", "memory", "disk", "overlay", "ssh")
    return ran.returncode, [line for line in found if line.split()[1].rstrip(":") not in about_this_machine]


def test_the_example_has_no_fault_of_its_own(tmp_path: Path) -> None:
    """Whatever this machine lacks, hosts, groups, settings, pools and variables are right."""
    assert faults(inventory(tmp_path, HOSTS, GROUPS, {}))[1] == []


def test_all_faults_of_an_inventory_are_in_one_report(tmp_path: Path) -> None:
    """A missing group, an address twice, an unknown image, an impossible overlay, misspelt variables."""
    hosts = HOSTS | {"beta": HOSTS["beta"] | {"ansible_host": "192.0.2.11", "overlay_mtuu": 1400}}
    groups = {name: members for name, members in GROUPS.items() if name != "catalog"}
    pool = {"categories": ["*"], "image": "wroker", "slots": 1, "cores": 1, "memory_mb": 1, "disk_mb": 1}
    extra = {"site_pools": {"rest": pool}, "site_overlay_prefix": "8.8", "site_firewal": "off"}
    code, found = faults(inventory(tmp_path, hosts, groups, extra))
    assert code == 2
    assert found == [
        "alpha, address: ansible_host 192.0.2.11 is also that of beta",
        "beta, address: ansible_host 192.0.2.11 is also that of alpha",
        "beta, variables: no role knows overlay_mtuu",
        "site, groups: group catalog has no host",
        "site, pools: pool rest: no image wroker",
        "site, settings: site_overlay_prefix is '8.8'",
        "site, variables: no role knows site_firewal",
    ]


def test_an_overlay_that_the_host_uses_already_is_refused(tmp_path: Path) -> None:
    """The host's own routes are compared with the overlay, whichever networks this machine is in."""
    routes = [line.split() for line in Path("/proc/net/route").read_text(encoding="ascii").splitlines()[1:]]
    local = [words for words in routes if words[7] != "00000000"]
    if not local:
        pytest.skip("this machine has no network to clash with")
    number = int(local[0][1], 16)
    prefix = f"{number & 255}.{number >> 8 & 255}"
    words = [
        str(PROGRAMS / "ansible-playbook"),
        "playbooks/preflight.yml",
        "-i",
        str(inventory(tmp_path, HOSTS, GROUPS, {})),
    ]
    more = ["-e", json.dumps({"site_overlay_prefix": prefix})]
    ran = subprocess.run([*words, *more], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert f"alpha, overlay: {prefix}.0.0/16 overlaps" in ran.stdout


def test_teardown_refuses_before_it_touches_anything(tmp_path: Path) -> None:
    """Without confirmation it says what it would remove, and no other task runs."""
    words = [
        str(PROGRAMS / "ansible-playbook"),
        "playbooks/teardown.yml",
        "-i",
        str(inventory(tmp_path, HOSTS, GROUPS, {})),
    ]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "add: -e confirm=yes" in ran.stdout
    assert "the database and all jobs" in ran.stdout
    assert re.findall(r"^TASK \[teardown : (.*)\]", ran.stdout, re.MULTILINE)[1:] == ["Refuse without confirmation"]
