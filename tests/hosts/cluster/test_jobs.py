"""The demo job on three hosts: what comes out, and which pool ran what."""

from collections.abc import Iterator

import pytest

from tests.hosts.demo import Demo, assert_complete
from tests.hosts.finished import compare_with_other_sites
from tests.hosts.site import Site


@pytest.fixture(scope="module")
def demo(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Give the demo job after its run."""
    yield Demo(site, tmp_path_factory.mktemp("demo"))


def test_demo_job_comes_out_whole(demo: Demo) -> None:
    """The demo job that went in through https comes out with every output and every item told of."""
    assert_complete(demo)


def test_same_images_give_the_same(site: Site, demo: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    """Three hosts and one with the same images give files of the same content."""
    compared = compare_with_other_sites(site, "demo", demo.package)
    with capsys.disabled():
        print(compared)


def test_work_is_spread(site: Site, demo: Demo) -> None:
    """Each host that has slots did a part of it."""
    found = {line["host"] for step in demo.document["steps"] for line in demo.package.items(step)}
    assert found - {""} == set(site.groups["worker"])


def test_pools_run_their_own_tasks_only(demo: Demo) -> None:
    """Models ran in containers of the pool for models, and everything else in the other's; no tool ran outside."""
    containers = {container for container, _ in demo.seen}
    models = {tool for container, tool in demo.seen if container == "lmsvc-worker-sdm"}
    others = {tool for container, tool in demo.seen if container == "lmsvc-worker-occurrences"}
    assert containers == {"lmsvc-worker-sdm", "lmsvc-worker-occurrences"}
    assert models == {"create_sdm"}
    assert others
    assert "create_sdm" not in others
