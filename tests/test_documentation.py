"""The documentation: links, job documents, commands."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml

from lmsvc.cli.local_files import with_uploads
from lmsvc.cli.root import CHAPTERS
from lmsvc.jobs.datasets import parse_dataset
from lmsvc.jobs.tools import parse_tool
from lmsvc.jobs.validation import ValidationContext, validate_document
from lmsvc.registry import SHIPPED_TOOLS, load_tools
from lmsvc.workflows.workflow import parse_workflow
from tests.ansible.tree import TYPES, options, table

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
COMMANDS = {name for chapter in CHAPTERS.values() for name in chapter}


def page_name(page: Path) -> str:
    """Return a page's name for reports."""
    return str(page.relative_to(ROOT))


def blocks(language: str) -> Iterator[tuple[Path, str]]:
    """Yield page and text of each code block in a language."""
    for page in PAGES:
        for found, text in BLOCK.findall(page.read_text(encoding="utf-8")):
            if found == language:
                yield page, text


def anchor(heading: str) -> str:
    """Return the anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_internal_links_lead_somewhere(page: Path) -> None:
    """Each relative link names a file that is there, and an anchor that the page has."""
    for link in LINK.findall(BLOCK.sub("", page.read_text(encoding="utf-8"))):
        if link.startswith(("http://", "https://")):
            continue
        name, _, fragment = unquote(link).partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page_name(page)}: {link}"
        if fragment:
            headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert fragment in {anchor(heading) for heading in headings}, f"{page_name(page)}: {link}"


def test_every_page_is_reached_from_the_front() -> None:
    """Following links from the README leads to every page."""
    reached, todo = set[Path](), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        links = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
        todo += [(page.parent / link.partition("#")[0]).resolve() for link in links if not link.startswith("#")]
    assert [page_name(page) for page in PAGES if page not in reached] == []


def test_job_documents_shown_are_valid() -> None:
    """Each JSON block with steps is a job that would be accepted; every JSON block is JSON."""
    context = ValidationContext(tools=load_tools([SHIPPED_TOOLS]), datasets={}, uploads=lambda _: True)
    jobs = [document for _, text in blocks("json") if "steps" in (document := json.loads(text))]
    for document in jobs:
        validate_document(with_uploads(document, ROOT, lambda _: "0" * 32), context)
    assert len(jobs) >= 4


def test_descriptions_shown_are_valid() -> None:
    """Each YAML block is a tool, a dataset or a workflow that would be loaded."""
    shown: list[dict[str, Any]] = [yaml.safe_load(text) for _, text in blocks("yaml")]
    for description in shown:
        readers = {"cwlVersion": parse_tool, "parameters": parse_workflow, "files": parse_dataset}
        next(reader for field, reader in readers.items() if field in description)(description)
    assert len(shown) >= 4


def test_commands_shown_exist() -> None:
    """Each `lmsvc` and `make` command in a shell block is one that there is."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page, text in blocks("sh"):
        for name in re.findall(r"(?:^|[/(; ])lmsvc ([a-z]+)", text, re.MULTILINE):
            assert name in COMMANDS, f"{page_name(page)}: lmsvc {name}"
        for name in re.findall(r"^make ([a-z-]+)", text, re.MULTILINE):
            assert re.search(rf"^{name}:", makefile, re.MULTILINE), f"{page_name(page)}: make {name}"


def test_playbooks_shown_exist() -> None:
    """Each playbook that a page names is there, and the reference has a chapter for every one, and no other."""
    there = {path.name for path in (ROOT / "playbooks").glob("*.yml")}
    for page in PAGES:
        named = set(re.findall(r"playbooks/([\w-]+\.yml)", page.read_text(encoding="utf-8")))
        assert named <= there, page_name(page)
    reference = (ROOT / "docs" / "reference" / "playbooks.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^### (.*)$", reference, re.MULTILINE)) == sorted(there)


def test_site_variables_shown_exist() -> None:
    """Each variable of a site that a page names is one that preflight knows; values shown are of its type."""
    known = options(ROOT / "roles" / "preflight", "site")
    of_tools = ROOT / "docs" / "reference" / "tools.md"
    for page in (page for page in PAGES if page != of_tools):
        named = set(re.findall(r"\bsite_[a-z_]+[a-z]\b", page.read_text(encoding="utf-8")))
        assert named <= set(known), page_name(page)
    shown = [yaml.safe_load(text) for _, text in blocks("text") if text.lstrip().startswith("site_")]
    for name, value in (pair for variables in shown for pair in variables.items()):
        assert isinstance(value, TYPES[known[name]["type"]]), name
    assert len(shown) >= 2


def test_inventories_shown_are_those_of_a_cluster() -> None:
    """Each part of an inventory names groups that wiring knows, and gives hosts an address and a number."""
    groups = set(table(ROOT / "inventories" / "example" / "hosts.yml")["all"]["children"])
    shown = [yaml.safe_load(text)["all"] for _, text in blocks("text") if text.startswith("all:")]
    for inventory in shown:
        assert set(inventory.get("children", {})) <= groups
        assert all(set(host) == {"ansible_host", "host_number"} for host in inventory["hosts"].values())
    assert len(shown) >= 2


@pytest.mark.parametrize("name", ["flow", "cluster"])
def test_pictures_have_words_for_those_who_cannot_see_them(name: str) -> None:
    """Each drawing has a title and a description, and colours for dark pages."""
    text = (ROOT / "docs" / "images" / f"{name}.svg").read_text(encoding="utf-8")
    assert all(part in text for part in ("<title", "<desc", "prefers-color-scheme: dark"))


def test_decisions_have_their_three_parts() -> None:
    """Each record is numbered, has Context, Decision, Consequences, and stands in the list."""
    index = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    for page in sorted((ROOT / "docs" / "decisions").glob("0*.md")):
        headings = re.findall(r"^## (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"], page_name(page)
        assert page.name in index
