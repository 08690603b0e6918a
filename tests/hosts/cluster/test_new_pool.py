"""A pool for a new tool, added by following the how-to."""

from pathlib import Path

import pytest

from tests.ansible.how_to import Followed, follow
from tests.hosts.cluster.running import restarted, runs
from tests.hosts.finished import run
from tests.hosts.site import Site

pytestmark = [pytest.mark.pools, pytest.mark.timeout(1800)]

TOOL = "site/tools/count_leaves.yaml"


def place_tool(site: Site, followed: Followed) -> None:
    """Put the tool's description into the directory that the settings name, on the web host and the controllers."""
    text = (followed.directory / TOOL).read_text(encoding="utf-8")
    for group in ("web", "controller"):
        place = followed.settings[f"{group}_tool_directory"]
        for name in site.groups[group]:
            site.host(name).check_output(f"mkdir -p {place} && printf %s %s >{place}/{Path(TOOL).name}", text)


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
        place_tool(site, followed)
        with site.setting(**{**followed.settings, "site_pools": pools}):
            assert site.playbook("site").returncode == 0
            package = run(site, document, tmp_path, tmp_path)
            assert [text.strip() for text in package.contents("count/leaves").values()] == [b"5"]
        workers = {unit for unit in restarted(before, runs(site)) if "lmsvc-worker-" in unit}
        assert workers == {f"{name} lmsvc-worker-leaves.service" for name in site.groups["worker"]}
    finally:
        assert site.playbook("site").returncode == 0
    assert not [unit for unit in runs(site) if "lmsvc-worker-leaves" in unit]
