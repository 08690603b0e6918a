"""A pool for a new tool, added by following the how-to."""

from pathlib import Path
from typing import Any

import pytest

from lmsvc.client.errors import ApiError
from tests.ansible.how_to import follow
from tests.hosts.cluster.running import restarted, runs
from tests.hosts.finished import run
from tests.hosts.site import Site
from tests.service.documents import Document, sleep

pytestmark = [pytest.mark.pools, pytest.mark.timeout(1800)]


def test_the_how_to_brings_a_tool_with_its_own_pool(site: Site, tmp_path: Path) -> None:
    """After one run a job counts leaves in the new pool, and no unit of another pool has restarted."""
    followed = follow(tmp_path)
    pools = {**site.pools(), **followed.settings["site_pools"]}
    (tmp_path / "tree.nwk").write_text("((a,b),(c,d),e);\n", encoding="utf-8")
    document = {
        "name": "leaves",
        "inputs": {"tree": {"file": "tree.nwk"}},
        "steps": {"count": {"run": "count_leaves", "in": {"tree": "inputs/tree"}}},
        "outputs": ["count/leaves"],
    }
    before = runs(site)
    try:
        with site.setting(**{**followed.settings, "site_pools": pools}):
            assert site.playbook("site").returncode == 0
            package = run(site, document, tmp_path, tmp_path)
            assert [text.strip() for text in package.contents("count/leaves").values()] == [b"5"]
        workers = {unit for unit in restarted(before, runs(site)) if "lmsvc-worker-" in unit}
        assert workers == {f"{name} lmsvc-worker-leaves.service" for name in site.groups["worker"]}
        says_what_the_pool_lacks(site, followed.settings["site_tools"], pools, document, tmp_path)
    finally:
        assert site.playbook("site").returncode == 0
    assert not [unit for unit in runs(site) if "lmsvc-worker-leaves" in unit]


def says_what_the_pool_lacks(site: Site, tools: str, pools: dict[str, Any], document: Document, folder: Path) -> None:
    """Give the pool another image and smaller slots: jobs for it are told so, and none waits for ever."""
    lacking = pools | {"leaves": pools["leaves"] | {"image": "worker", "memory_mb": 150}}
    with site.setting(site_tools=tools, site_pools=lacking):
        assert site.playbook("site").returncode == 0
        job = site.wait_until(site.submit(document, folder), "ended", 120)
        with pytest.raises(ApiError) as refused:
            site.submit(sleep({"seconds": 1.0}, pool="leaves"))
    assert job["state"] == "failed"
    for name in ("'count-leaves' is not installed", "image worker of pool leaves", "tool count_leaves"):
        assert name in job["error"]["reason"]
    faults = [fault.detail for fault in refused.value.faults]
    assert faults == ["no pool can run this task: needs 200 MB, largest slot 150 MB"]
