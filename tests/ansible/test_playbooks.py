"""Playbooks about pools and leaving hosts, run as far as they go without a service; this machine is all hosts."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.ansible.test_preflight import GROUPS, HOSTS, inventory
from tests.ansible.tree import EXAMPLE, PLAYBOOKS, PROGRAMS, ROOT

pytestmark = pytest.mark.slow

NOWHERE = {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_connection": "ssh"}


def played(name: str, site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a playbook on this machine."""
    command = [str(PROGRAMS / "ansible-playbook"), f"playbooks/{name}.yml", "-i", str(site), *words]
    environment = os.environ | {"ANSIBLE_NOCOLOR": "1", "COLUMNS": "200"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return an inventory of two hosts, and a record that knows two more."""
    site = inventory(tmp_path, HOSTS, GROUPS, {"drain_minutes": 0})
    (site / "cache" / "overlay").mkdir(parents=True)
    (site / "cache" / "overlay" / "gone.pub").touch()
    old = {"alpha": {"groups": ["web"]}, "gone": NOWHERE | {"groups": ["worker"]}, "rich": {"groups": ["database"]}}
    (site / "cache" / "hosts.json").write_text(json.dumps(old), encoding="utf-8")
    return site


def recorded(site: Path) -> set[str]:
    """Return the hosts of the record."""
    return set(json.loads((site / "cache" / "hosts.json").read_text(encoding="utf-8")))


def test_all_playbooks_can_be_read() -> None:
    """Ansible finds no fault in the syntax of any playbook, with all that it imports."""
    words = [str(PROGRAMS / "ansible-playbook"), "--syntax-check", "-i", str(EXAMPLE), *map(str, PLAYBOOKS)]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("name", ["drain", "undrain"])
def test_draining_without_a_host_is_refused(site: Path, name: str) -> None:
    """Nobody drains the whole cluster by forgetting -l."""
    ran = played(name, site)
    assert ran.returncode == 2
    assert "-l HOST" in ran.stdout
    assert "Tell web service" not in ran.stdout


def test_all_faults_of_a_command_line_are_named(site: Path) -> None:
    """An unknown pool and a bound that is no number are refused in one answer, before anything is asked or written."""
    ran = played("scale", site, "-e", "pool=sdn", "-e", "slots_max=many")
    assert ran.returncode == 2
    assert "there is no pool sdn; pools.yml has occurrences, sdm" in ran.stdout
    assert "slots_max is many: write a number" in ran.stdout
    assert "Ask the service" not in ran.stdout


def test_scaling_without_a_service_says_so(site: Path) -> None:
    """Where no service answers nothing is written."""
    ran = played("scale", site)
    assert ran.returncode == 2
    assert "the service does not answer" in ran.stdout
    assert "Write pools" not in ran.stdout


def test_hosts_that_left_are_drained_and_those_with_data_named(site: Path) -> None:
    """Without a service nothing can be drained, which is said and stops nothing; the record stays as it is."""
    ran = played("leavers", site)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Left the inventory, but not cleaned" in ran.stdout
    assert "Not drained: gone, rich." in ran.stdout
    assert recorded(site) == {"alpha", "gone", "rich"}


def test_a_host_that_left_and_cannot_be_reached_is_said_and_forgotten(site: Path) -> None:
    """Its line of the record and its key go; a host with data stays recorded until that is confirmed."""
    ran = played("cleanup", site)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "gone (127.0.0.1) has left the inventory and cannot be reached" in ran.stdout
    assert recorded(site) == {"alpha", "rich"}
    assert not (site / "cache" / "overlay" / "gone.pub").exists()


def test_check_mode_forgets_nobody(site: Path) -> None:
    """It says whom a run would clean."""
    ran = played("cleanup", site, "--check")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "cleaning gone, no longer in the inventory" in ran.stdout
    assert recorded(site) == {"alpha", "gone", "rich"}


def test_a_run_on_some_hosts_looks_for_no_leavers(site: Path) -> None:
    """With --limit on another host than the web host nobody is drained or cleaned."""
    for name in ("leavers", "cleanup"):
        assert "gone" not in played(name, site, "--limit", "beta").stdout
    assert recorded(site) == {"alpha", "gone", "rich"}


def test_a_host_that_is_no_worker_any_more_loses_its_pools(tmp_path: Path) -> None:
    """On a host that left the group the role's removal runs, with no pool to spare, and nothing is set up."""
    site = inventory(tmp_path, HOSTS, GROUPS | {"worker": ["beta"]}, {})
    ran = played("worker", site, "--check", "--limit", "alpha")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.findall(r"^TASK .*", ran.stdout, re.MULTILINE)[0].startswith("TASK [worker : Find the units of pools]")
    assert "Write the pools' slice" not in ran.stdout
    words = ["alpha", "-i", str(site), "--playbook-dir", "playbooks", "-m", "debug", "-a", "var=worker_pools"]
    told = subprocess.run([PROGRAMS / "ansible", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "worker_pools: {}" in told.stdout, told.stdout + told.stderr
