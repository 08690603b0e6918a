"""The how-to about adding a pool, as far as it goes without hosts."""

from pathlib import Path

import yaml

from lmsvc.jobs.tools import parse_tool
from plugins.filter.images_recipes import image_references
from plugins.filter.preflight_site import preflight_pools
from plugins.filter.preflight_variables import preflight_options
from plugins.filter.scaling import pools_page
from plugins.filter.tools import preflight_tools, tool_files
from tests.ansible.how_to import follow
from tests.ansible.tree import ROOT, table


def test_the_pool_of_the_how_to_is_complete(tmp_path: Path) -> None:
    """Its image has a recipe, preflight finds no fault, each setting is known, the tool's category is the pool's."""
    followed = follow(tmp_path)
    images, pools = followed.settings["site_images"], followed.settings["site_pools"]
    assert "leaves" in image_references(str(ROOT), "mmdebstrap", "", images)
    assert preflight_pools(pools_page(pools), ["beta", "gamma"], list(images)) == []
    assert set(followed.settings) <= set(preflight_options(str(ROOT / "roles")))
    assert preflight_tools(pools | {"other": {"categories": ["*"]}}, followed.settings["site_tools"], str(ROOT)) == []
    (file,) = tool_files(followed.settings["site_tools"], str(ROOT), "/etc/lmsvc/pools/tools")
    assert file["path"] == "/etc/lmsvc/pools/tools/count_leaves.yaml"
    assert parse_tool(yaml.safe_load(file["content"])).category in pools["leaves"]["categories"]


def test_faulty_tools_of_a_site_are_found_before_anything_changes(tmp_path: Path) -> None:
    """A missing directory, a description with a fault, and a category without a pool are each named; none is fine."""
    pools = {"leaves": {"categories": ["leaves"]}}
    assert preflight_tools(pools, "", str(ROOT)) == []
    ((_, _, missing, _),) = preflight_tools(pools, str(tmp_path / "nowhere"), str(ROOT))
    assert "there is no such directory" in missing
    followed = follow(tmp_path)
    every = {"sdm": {"categories": ["*"]}}
    assert preflight_tools(every, followed.settings["site_tools"], str(ROOT)) == []
    shipped = {tool for _, _, tool, _ in preflight_tools(pools, followed.settings["site_tools"], str(ROOT))}
    assert "no pool serves the category sdm of tool create_sdm" in shipped
    assert not [text for text in shipped if "count_leaves" in text]
    (tmp_path / "site" / "tools" / "count_leaves.yaml").write_text("id: 7\n", encoding="utf-8")
    faults = [text for _, _, text, _ in preflight_tools(every, followed.settings["site_tools"], str(ROOT))]
    assert any("count_leaves.yaml: /id" in text for text in faults), faults


def test_the_program_of_the_how_to_is_copied_into_the_image(tmp_path: Path) -> None:
    """Another program is another image; it is executable and named as the description names it."""
    followed = follow(tmp_path)
    program = tmp_path / "site" / "images" / "leaves" / "count-leaves"
    before = image_references(str(ROOT), "mmdebstrap", "", followed.settings["site_images"])["leaves"]
    program.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    assert image_references(str(ROOT), "mmdebstrap", "", followed.settings["site_images"])["leaves"] != before
    assert program.stat().st_mode & 0o111
    assert table(tmp_path / "site" / "tools" / "count_leaves.yaml")["baseCommand"] == [program.name]
