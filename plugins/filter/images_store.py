"""What lies in a store of images (an OCI layout on the control node), and which images a host can forget."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

NAME = "org.opencontainers.image.ref.name"
BLOBS = "blobs/sha256"


class StoreError(ValueError):
    """The store lacks an image; the message says who builds it."""


def images_in_store(store: str) -> list[str]:
    """Return the references of the images that a store holds whole."""
    place = Path(store).expanduser()
    return [name for name, digest in _index(place).items() if all((place / b).is_file() for b in _blobs(place, digest))]


def image_blobs(references: Iterable[str], store: str) -> list[str]:
    """Return the files of a store, without index, that these images need; images may share some."""
    place = Path(store).expanduser()
    index = _index(place)
    missing = [reference for reference in references if reference not in index]
    if missing:
        raise StoreError(
            f"not in the store of images {place}: {', '.join(missing)}. "
            "They are built on the host of group builder: run the playbook with that host, too"
        )
    return sorted({blob for reference in references for blob in _blobs(place, index[reference])})


def images_outdated(listing: Iterable[Mapping[str, Any]], current: Collection[str]) -> list[str]:
    """Return the references that a host can forget, from ``podman image ls --format json``, newest first.

    An image stays when it is current, when a container uses it, or when it is the newest other one of its name: the
    one to go back to.
    """
    outdated, kept = [], set()
    for image in sorted(listing, key=lambda image: int(image["Created"]), reverse=True):
        for reference in set(image.get("Names") or ()) - set(current):
            name = reference.rpartition(":")[0]
            if name in kept and not image.get("Containers"):
                outdated.append(reference)
            kept.add(name)
    return outdated


def _index(place: Path) -> dict[str, str]:
    """Return the digest of each image's manifest by its reference; a store that does not exist yet is empty."""
    try:
        index = json.loads((place / "index.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {entry["annotations"][NAME]: entry["digest"] for entry in index["manifests"] if "annotations" in entry}


def _blobs(place: Path, manifest: str) -> Iterator[str]:
    path = _blob(manifest)
    yield path
    if (place / path).is_file():
        content = json.loads((place / path).read_text(encoding="utf-8"))
        yield from (_blob(part["digest"]) for part in (content["config"], *content["layers"]))


def _blob(digest: str) -> str:
    return f"{BLOBS}/{digest.removeprefix('sha256:')}"


class FilterModule:
    """The filters, as Ansible looks them up."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filters by name."""
        return {function.__name__: function for function in (images_in_store, image_blobs, images_outdated)}
