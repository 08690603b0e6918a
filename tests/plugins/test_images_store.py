"""The store of images says what is in it, what an image needs, and hosts forget what nobody uses."""

import json
from pathlib import Path

import pytest

from plugins.filter.images_store import NAME, StoreError, image_blobs, images_in_store, images_outdated

WEB, CATALOG = "localhost/lmsvc/web:1", "localhost/lmsvc/catalog:1"


def put(store: Path, digest: str, content: str = "") -> None:
    """Put a blob into a store."""
    (store / "blobs/sha256").mkdir(parents=True, exist_ok=True)
    (store / "blobs/sha256" / digest).write_text(content)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Make a store with two images that share a layer."""
    entries = []
    for name, number in ((WEB, "a"), (CATALOG, "b")):
        layers = [{"digest": "sha256:shared"}, {"digest": f"sha256:layer-{number}"}]
        put(
            tmp_path,
            f"manifest-{number}",
            json.dumps({"config": {"digest": f"sha256:config-{number}"}, "layers": layers}),
        )
        put(tmp_path, f"config-{number}")
        put(tmp_path, f"layer-{number}")
        entries.append({"digest": f"sha256:manifest-{number}", "annotations": {NAME: name}})
    put(tmp_path, "shared")
    (tmp_path / "index.json").write_text(json.dumps({"manifests": entries}))
    return tmp_path


def test_a_store_lists_whole_images(store: Path) -> None:
    """An image of which a layer is missing does not count, so that it is built again."""
    assert images_in_store(str(store)) == [WEB, CATALOG]
    (store / "blobs/sha256/layer-a").unlink()
    assert images_in_store(str(store)) == [CATALOG]


def test_a_store_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    """Before the first build there is no store."""
    assert images_in_store(str(tmp_path / "none")) == []


def test_only_needed_layers_are_sent(store: Path) -> None:
    """One image needs its own files and the shared layer, not those of the other image."""
    names = [path.rpartition("/")[2] for path in image_blobs([WEB], str(store))]
    assert names == ["config-a", "layer-a", "manifest-a", "shared"]


def test_an_image_that_was_never_built_is_an_error(store: Path) -> None:
    """The message names the image and says which host builds."""
    with pytest.raises(StoreError, match=r"web:2.*builder"):
        image_blobs(["localhost/lmsvc/web:2"], str(store))


def listed(tag: int, containers: int = 0, name: str = "web") -> dict[str, object]:
    """Return an image as podman lists it; higher tags are newer."""
    return {"Names": [f"localhost/lmsvc/{name}:{tag}"], "Created": tag, "Containers": containers}


@pytest.mark.parametrize(
    ("images", "outdated"),
    [
        ([listed(1)], []),
        ([listed(1), listed(9)], []),
        ([listed(1), listed(2), listed(9)], [1]),
        ([listed(1), listed(2), listed(3), listed(9)], [2, 1]),
        ([listed(1, containers=1), listed(2), listed(9)], []),
        ([listed(1), listed(2, name="proxy"), listed(9)], []),
        ([{"Names": None, "Created": 1}, listed(9)], []),
    ],
)
def test_hosts_keep_the_current_image_and_the_one_before(images: list[dict[str, object]], outdated: list[int]) -> None:
    """Older ones go, unless a container uses them; images without a name are not ours to judge."""
    assert images_outdated(images, ["localhost/lmsvc/web:9"]) == [f"localhost/lmsvc/web:{tag}" for tag in outdated]
