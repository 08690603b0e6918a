"""The example inventory is what a site copies: complete, known to the roles, and wired to each of them."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from plugins.filter.preflight_inventory import preflight_groups, preflight_hosts, preflight_sharing
from plugins.filter.preflight_site import preflight_pools, preflight_values
from plugins.filter.preflight_variables import preflight_options, preflight_settings, preflight_variables
from plugins.filter.rooms import host_memory_mb, pools_misfits
from plugins.filter.scaling import pools_page
from tests.ansible.rendering import evaluate
from tests.ansible.tree import EXAMPLE, PROGRAMS, ROLES, ROOT, all_options, options, table

PAGES = EXAMPLE / "group_vars" / "all"
KNOWN = preflight_options(str(ROOT / "roles"))


@pytest.fixture(scope="module")
def listed() -> dict[str, Any]:
    """Return the example as Ansible reads it."""
    words = [str(PROGRAMS / "ansible-inventory"), "-i", str(EXAMPLE), "--list"]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return dict(json.loads(ran.stdout))


def site() -> dict[str, Any]:
    """Return the settings of the example's pages."""
    pages = [table(PAGES / f"{name}.yml") for name in ("topology", "pools", "images")]
    return {name: value for page in pages for name, value in page.items()}


def test_a_copy_of_the_example_passes_preflight(listed: dict[str, Any]) -> None:
    """Nothing in it is unknown, misspelt, missing, mistyped or impossible."""
    known, hosts = preflight_options(str(ROOT / "roles")), listed["_meta"]["hostvars"]
    groups = {name: group.get("hosts", []) for name, group in listed.items() if name not in ("_meta", "all")}
    images = ["worker", "worker-elapid"]
    assert preflight_variables(hosts, known) == []
    assert preflight_settings(site(), known) == []
    assert preflight_values(site()) == []
    assert preflight_groups(groups) + preflight_hosts(hosts, site()["site_overlay_prefix"]) == []
    assert preflight_sharing(groups, site()) == []
    assert preflight_pools(pools_page(site()["site_pools"]), groups["worker"], images) == []


def test_the_example_fits_three_small_hosts(listed: dict[str, Any]) -> None:
    """The tutorial asks for hosts of 4 GB: the pools' least slots fit there, beside the services of the first."""
    groups: dict[str, list[str]] = {host: [] for host in listed["_meta"]["hostvars"]}
    for name, group in listed.items():
        for host in group.get("hosts", []):
            groups[host].append(name)
    facts = {"cores": 2, "memory_mb": 4000}
    rooms = {host: {"cores": 2, "memory_mb": host_memory_mb(facts, names)} for host, names in groups.items()}
    assert pools_misfits(pools_page(site()["site_pools"]), rooms, list(rooms)) == []


def test_pages_hold_exactly_the_settings_there_are() -> None:
    """The three pages a site edits hold every setting of the specification, and no other."""
    assert set(site()) == set(options(ROOT / "roles" / "preflight", "site"))


def test_every_setting_has_a_comment() -> None:
    """Above each setting, or above the one it belongs to, stands what it means."""
    for name in ("topology", "pools", "images"):
        paragraphs = (PAGES / f"{name}.yml").read_text(encoding="utf-8").strip().split("\n\n")
        assert [part for part in paragraphs if not part.removeprefix("---\n").startswith("#")] == []


def test_wiring_gives_every_role_what_it_requires() -> None:
    """No role would be refused by its argument specification for a missing argument."""
    given = {*table(PAGES / "wiring.yml"), "host_number"}
    required = {name for role in ROLES for name, option in options(role).items() if option.get("required")}
    assert required - given == set()


def test_wiring_gives_nothing_that_no_role_takes() -> None:
    """Each line of wiring.yml is an argument of a role, or a step on the way that another line uses."""
    text, wired = (PAGES / "wiring.yml").read_text(encoding="utf-8"), table(PAGES / "wiring.yml")
    taken = {name for role in ROLES for name in all_options(role)}
    assert {name for name in wired if not name.startswith("__")} - taken == set()
    assert [name for name in wired if name.startswith("__") and text.count(name) < 2] == []


def test_inventories_from_before_a_setting_was_there_go_on(tmp_path: Path) -> None:
    """Without the settings that have a default preflight finds no fault, and each role gets what the service does."""
    newer = [name for name, option in options(ROOT / "roles" / "preflight", "site").items() if "default" in option]
    assert "site_settings" in newer
    shutil.copytree(EXAMPLE, tmp_path / "site", ignore=shutil.ignore_patterns("cache"))
    for page in (tmp_path / "site" / "group_vars" / "all").glob("*.yml"):
        lines = page.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if line.partition(":")[0] not in newer]
        page.write_text("\n".join(kept) + "\n", encoding="utf-8")
    assert preflight_settings({name: it for name, it in site().items() if name not in newer}, KNOWN) == []
    roles = ["web_settings", "controller_settings", "controller_resolvers", "controller_mail_password_file"]
    roles += ["pools_workflow_files", "pools_tool_files", "overlay_outgoing_addresses"]
    asked = ", ".join(f"'{name}': {name}" for name in roles)
    given = evaluate(f"{{{asked}}} | to_json", "alpha", tmp_path, tmp_path / "site")
    assert {name: value for name, value in given.items() if value} == {}


def test_only_wiring_reads_groups() -> None:
    """The pages a site edits connect nothing."""
    pages = [PAGES / f"{name}.yml" for name in ("topology", "pools", "images")]
    assert [page.name for page in pages if "{{" in page.read_text(encoding="utf-8")] == []
