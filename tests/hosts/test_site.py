"""All roles on one host: the demo job, a reboot, a refused inventory, and an end without a trace."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from lmsvc.client import ClientError
from tests.hosts.demo import Demo, assert_complete
from tests.hosts.finished import compare_with_other_sites, run
from tests.hosts.site import Site
from tests.hosts.study_group import JOB_SECONDS, heuchera
from tests.service.running import wait_for
from tests.tools.running import needs_heuchera

FOUND_SECONDS = 1.0
LEFT = """
systemctl list-units --all --no-legend 'lmsvc*' 'wg-quick@lm-*'
ls -d /etc/containers/systemd/lmsvc* /etc/systemd/system/lmsvc* /etc/lmsvc /var/lib/lmsvc /etc/wireguard/lm-*
podman ps --all --format '{{.Names}}'
podman images --format '{{.Repository}}' | grep lmsvc
podman volume ls --format '{{.Name}}'
podman secret ls --format '{{.Name}}'
podman network ls --format '{{.Name}}' | grep lmsvc
ip -brief link | grep '^lm-'
nft list tables | grep lmsvc
getent passwd lmsvc
true
"""


@pytest.fixture(scope="module")
def demo(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Give the demo job after its run."""
    yield Demo(site, tmp_path_factory.mktemp("demo"))


def test_demo_job_comes_out_whole(demo: Demo) -> None:
    """The demo job that went in through https comes out with every output and every item told of."""
    assert_complete(demo)


def test_same_images_give_the_same(site: Site, demo: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    """One host and three with the same images give files of the same content."""
    compared = compare_with_other_sites(site, "demo", demo.package)
    with capsys.disabled():
        print(compared)


@needs_heuchera
@pytest.mark.full
@pytest.mark.timeout(1800)
def test_study_group_gives_the_same(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So does the job of the real study group."""
    compared = compare_with_other_sites(site, "heuchera", run(site, *heuchera(), tmp_path, JOB_SECONDS))
    with capsys.disabled():
        print(compared)


def test_restarted_proxy_is_found_at_once(site: Site) -> None:
    """A proxy whose container was made anew answers who spoke to the old one a moment before."""
    assert is_ready(site)
    site.host("alpha").check_output("systemctl restart lmsvc-proxy.service")
    wait_for("answer of the new proxy", lambda: is_ready(site), 5 * FOUND_SECONDS)


def is_ready(site: Site) -> bool:
    """Return whether the service answers at this moment."""
    with closing(site.client()) as client:
        try:
            return client.ready()
        except ClientError:
            return False


def test_faulty_inventory_changes_nothing(site: Site, tmp_path: Path) -> None:
    """An inventory with an unknown variable and an unknown image is refused with both named; no file is touched."""
    copy = tmp_path / "inventory"
    shutil.copytree(site.inventory, copy)
    pools = {name: {**pool, "image": "nowhere"} for name, pool in site.pools().items()}
    page = {"worker_colour": "green", "site_pools": pools}
    (copy / "group_vars" / "all" / "zzz_test.yml").write_text(yaml.safe_dump(page))
    host = site.host("alpha")
    changes = "find /etc /usr -newer /run/before -type f"
    host.check_output("touch /run/before")
    refused = site.playbook("site", inventory=copy)
    assert refused.returncode != 0
    assert "worker_colour" in refused.stdout
    assert "nowhere" in refused.stdout
    assert host.check_output(changes) == ""


def test_service_returns_after_a_reboot(site: Site) -> None:
    """A machine that holds everything is healthy again by itself after it restarted."""
    site.power("restart", ["alpha"])
    site.wait_for_hosts(["alpha"])
    assert site.healthy_within(180)


def test_teardown_asks_first(site: Site) -> None:
    """Without confirmation nothing is removed."""
    refused = site.playbook("teardown")
    assert refused.returncode != 0
    assert "confirm=yes" in refused.stdout
    assert site.host("alpha").service("lmsvc.target").is_running


def test_teardown_leaves_nothing(site: Site) -> None:
    """After the teardown the host has no unit, container, image, secret, interface, table, file or user of ours."""
    done = site.playbook("teardown", "-e", "confirm=yes")
    assert done.returncode == 0
    assert site.host("alpha").check_output(LEFT) == ""
    assert not (site.inventory / "cache").exists()
