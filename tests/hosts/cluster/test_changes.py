"""A site that changes: settings, images, and hosts that are away meanwhile."""

from pathlib import Path
from typing import Any

import pytest

from tests.hosts.cluster.running import restarted, runs
from tests.hosts.site import Site, recap

pytestmark = [pytest.mark.full, pytest.mark.timeout(3600)]

CONTAINERFILE = "FROM localhost/lmsvc/worker\nLABEL colour={colour}\n"


def with_disk(site: Site, disk_mb: int) -> dict[str, dict[str, Any]]:
    """Return the site's pools, that for models with slots of another size."""
    pools = site.pools()
    return {**pools, "sdm": {**pools["sdm"], "disk_mb": disk_mb}}


def told_disk(site: Site, name: str) -> str:
    """Return the disk that the slots for models offer on a host, as its unit says."""
    unit = str(site.host(name).check_output("cat /etc/containers/systemd/lmsvc-worker-sdm.container"))
    return unit.partition("--disk-mb ")[2].split()[0]


def test_changed_pool_restarts_alone(site: Site) -> None:
    """Slots of another size restart that pool's workers on each host, and no other unit; so does taking it back."""
    pool = {f"{name} lmsvc-worker-sdm.service" for name in site.groups["worker"]}
    before = runs(site)
    with site.setting(site_pools=with_disk(site, 4000)):
        assert site.playbook("site", "--tags", "pools,controller,web,worker").returncode == 0
    changed = runs(site)
    assert restarted(before, changed) == pool
    assert site.playbook("site", "--tags", "pools,controller,web,worker").returncode == 0
    assert restarted(changed, runs(site)) == pool


def test_host_that_was_away_is_mended(site: Site) -> None:
    """With a host away the others change and the run says so; one run mends it when it is back, touching no other."""
    site.power("stop", ["gamma"])
    try:
        with site.setting(site_pools=with_disk(site, 4000)):
            done = site.playbook("site")
            counts = recap(done)
            assert done.returncode != 0
            assert "gamma" in done.stdout.partition("UNREACHABLE")[2]
            assert counts["gamma"]["unreachable"] == 1
            assert all(counts[name]["changed"] > 0 for name in ("alpha", "beta"))
            site.power("start", ["gamma"])
            site.wait_for_hosts(["gamma"])
            assert [told_disk(site, name) for name in ("alpha", "beta", "gamma")] == ["4000", "4000", "5000"]
            mended = site.playbook("site")
            assert mended.returncode == 0
            assert [recap(mended)[name]["changed"] for name in ("alpha", "beta")] == [0, 0]
            assert told_disk(site, "gamma") == "4000"
        limited = site.playbook("site", "--limit", "gamma")
        assert limited.returncode == 0
        assert set(recap(limited)) <= {"gamma", "localhost"}
        assert [told_disk(site, name) for name in ("alpha", "beta", "gamma")] == ["4000", "4000", "5000"]
    finally:
        site.power("start", ["gamma"])
        site.wait_for_hosts(["gamma"])
        assert site.playbook("site").returncode == 0


def has_image(site: Site, name: str, image: str) -> bool:
    """Return whether a host holds an image."""
    return bool(site.host(name).run(f"podman images --quiet localhost/lmsvc/{image}").stdout.strip())


def test_image_of_the_site_is_where_it_is_used(site: Site, tmp_path: Path) -> None:
    """An image of one host's pool goes to that host only; when it changes, only that pool there restarts."""
    blue = {"categories": ["blue"], "image": "blue", "slots": 1, "cores": 1, "memory_mb": 200, "disk_mb": 500}
    settings = {
        "site_images": {"blue": {"parent": "worker", "context": str(tmp_path)}},
        "site_pools": {**site.pools(), "blue": {**blue, "hosts": ["gamma"]}},
    }
    recipe = tmp_path / "Containerfile"
    try:
        with site.setting(**settings):
            recipe.write_text(CONTAINERFILE.format(colour="blue"))
            assert site.playbook("site").returncode == 0
            before = runs(site)
            assert [has_image(site, name, "blue") for name in ("beta", "gamma")] == [False, True]
            recipe.write_text(CONTAINERFILE.format(colour="red"))
            assert site.playbook("site", "--tags", "images,pools,controller,web,worker").returncode == 0
            assert restarted(before, runs(site)) == {"gamma lmsvc-worker-blue.service"}
    finally:
        assert site.playbook("site").returncode == 0
    assert "gamma lmsvc-worker-blue.service" not in runs(site)
