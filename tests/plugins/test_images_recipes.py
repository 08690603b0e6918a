"""An image's reference changes when, and only when, something that the image is made of changes."""

import re
from pathlib import Path

import pytest

from plugins.filter.images_recipes import RecipeError, image_chain, image_references

PINNED = "registry.example.org/debian@sha256:" + "0" * 64


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a small project: web and worker hold lmsvc, catalog does not."""
    texts = {
        "lmsvc/__init__.py": '__version__ = "1.2.3"\n',
        "lmsvc/web/page.html": "hello\n",
        "containers/debian/mmdebstrap.options": "--variant=minbase\n",
        "containers/base/Containerfile": "# Base.\nFROM localhost/lmsvc/debian\n",
        "containers/catalog/Containerfile": "# Catalog.\nFROM localhost/lmsvc/base\n",
        "containers/web/start": "#!/bin/sh\n",
        "containers/web/Containerfile": "# Web.\nFROM localhost/lmsvc/base\nCOPY --chmod=755 lmsvc \\\n  "
        "containers/web/start /opt/\n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def changed(project: Path, name: str, text: str) -> set[str]:
    """Return the images whose reference another content of a file changes."""
    before = image_references(str(project), "mmdebstrap")
    (project / name).write_text(text)
    after = image_references(str(project), "mmdebstrap")
    return {image for image in before if before[image] != after[image]}


@pytest.mark.parametrize(
    ("name", "images"),
    [
        ("lmsvc/web/page.html", {"web"}),
        ("containers/web/start", {"web"}),
        ("containers/catalog/Containerfile", {"catalog"}),
        ("containers/base/Containerfile", {"base", "catalog", "web"}),
        ("containers/debian/mmdebstrap.options", {"debian", "base", "catalog", "web"}),
        ("lmsvc/__pycache__/page.pyc", set()),
        ("README.md", set()),
    ],
)
def test_only_images_that_hold_a_file_change(project: Path, name: str, images: set[str]) -> None:
    """A changed file changes the images that copy it, and those that stand on them."""
    (project / name).parent.mkdir(exist_ok=True)
    assert (
        changed(
            project, name, "# Changed, and longer.\nFROM localhost/lmsvc/" + ("debian" if "base" in name else "base")
        )
        == images
    )


def test_an_executable_is_another_recipe(project: Path) -> None:
    """A file that becomes executable changes the image, since the image would behave otherwise."""
    before = image_references(str(project), "mmdebstrap")["web"]
    (project / "containers/web/start").chmod(0o755)
    assert image_references(str(project), "mmdebstrap")["web"] != before


def test_the_base_decides_every_reference(project: Path) -> None:
    """Debian from a registry gives other images; another digest gives others again."""
    made = image_references(str(project), "mmdebstrap")
    pulled = image_references(str(project), "registry", PINNED)
    newer = image_references(str(project), "registry", PINNED[:-1] + "1")
    assert all(len({made[name], pulled[name], newer[name]}) == 3 for name in made)


@pytest.mark.parametrize("reference", ["", "registry.example.org/debian:13", PINNED[:-1]])
def test_a_base_that_is_not_pinned_is_refused(project: Path, reference: str) -> None:
    """Without a whole digest there is no reference of any image, so nothing is pulled; the message says what to do."""
    message = f"images_base_reference is {reference!r}: pin the image as name@sha256:digest"
    with pytest.raises(RecipeError, match=re.escape(message)):
        image_references(str(project), "registry", reference)


def test_parents_come_first(project: Path) -> None:
    """What is built is in the order of building, each once, with the parent's reference and the labels' texts."""
    chain = image_chain(["web", "catalog"], str(project), "mmdebstrap")
    assert [step["name"] for step in chain] == ["debian", "base", "web", "catalog"]
    assert chain[2]["parent"] == chain[1]["reference"]
    assert (chain[2]["about"], chain[2]["version"], chain[2]["place"]) == ("Web.", "1.2.3", "project")


def test_a_site_adds_images(project: Path, tmp_path: Path) -> None:
    """An image of the site stands on one of ours and follows its own files."""
    context = tmp_path / "site"
    context.mkdir()
    (context / "Containerfile").write_text("# Ours.\nFROM localhost/lmsvc/web\nCOPY tool /usr/bin/\n")
    (context / "tool").write_text("1")
    extra = {"mine": {"parent": "web", "context": str(context)}}
    before = image_references(str(project), "mmdebstrap", "", extra)
    (context / "tool").write_text("22")
    after = image_references(str(project), "mmdebstrap", "", extra)
    assert {name for name in before if before[name] != after[name]} == {"mine"}
    assert image_chain(["mine"], str(project), "mmdebstrap", "", extra)[-1]["place"] == "site/mine"


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"mine": {"parent": "web", "context": "/nowhere"}}, "there is no /nowhere/Containerfile"),
        ({"web": {"parent": "missing", "context": "containers/web"}}, "missing"),
    ],
)
def test_faults_name_the_image(
    project: Path, extra: dict[str, dict[str, str]], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recipe that is not there is an error that says where it was looked for."""
    monkeypatch.chdir(project)
    (project / "containers/web/Containerfile").write_text("# Web.\nFROM localhost/lmsvc/base\n")
    with pytest.raises(RecipeError, match=message):
        image_references(str(project), "mmdebstrap", "", extra)
