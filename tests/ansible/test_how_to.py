"""The how-to about adding a pool, as far as it goes without hosts."""

from pathlib import Path

from lmsvc.jobs.tools import parse_tool
from plugins.filter.images_recipes import image_references
from plugins.filter.preflight_site import preflight_pools
from plugins.filter.preflight_variables import preflight_options
from plugins.filter.scaling import pools_page
from tests.ansible.how_to import follow
from tests.ansible.tree import ROOT, table


def test_the_pool_of_the_how_to_is_complete(tmp_path: Path) -> None:
    """Its image has a recipe, preflight finds no fault, each setting is known, the tool's category is the pool's."""
    followed = follow(tmp_path)
    images, pools = followed.settings["site_images"], followed.settings["site_pools"]
    assert "leaves" in image_references(str(ROOT), "mmdebstrap", "", images)
    assert preflight_pools(pools_page(pools), ["beta", "gamma"], list(images)) == []
    assert set(followed.settings) <= set(preflight_options(str(ROOT / "roles")))
    tool = parse_tool(table(tmp_path / "site" / "tools" / "count_leaves.yaml"))
    assert tool.category in pools["leaves"]["categories"]


def test_the_program_of_the_how_to_is_copied_into_the_image(tmp_path: Path) -> None:
    """Another program is another image; it is executable and named as the description names it."""
    followed = follow(tmp_path)
    program = tmp_path / "site" / "images" / "leaves" / "count-leaves"
    before = image_references(str(ROOT), "mmdebstrap", "", followed.settings["site_images"])["leaves"]
    program.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    assert image_references(str(ROOT), "mmdebstrap", "", followed.settings["site_images"])["leaves"] != before
    assert program.stat().st_mode & 0o111
    assert table(tmp_path / "site" / "tools" / "count_leaves.yaml")["baseCommand"] == [program.name]
