"""Images built on a Debian from a registry: it is the pinned one, and only the builder asked the registry for it."""

import json
from pathlib import Path
from typing import Any

import pytest
from testinfra.host import Host

from plugins.filter.images_recipes import image_references
from tests.hosts.conftest import SSH_CONFIG
from tests.hosts.test_images import LEFT_BY_BUILDING, references, run

PROJECT = Path(__file__).parents[2]
ACCEPT = "Accept: application/vnd.oci.image.manifest.v1+json"


@pytest.fixture(scope="module")
def pinned() -> str:
    """Give the base's reference as the scenario pinned it."""
    return Path(SSH_CONFIG or "").with_name("base_reference").read_text()


def asked(host: Host, pinned: str, what: str) -> dict[str, Any]:
    """Return a document of the base's repository in the registry, asked for on the registry's own host."""
    place, _, name = pinned.partition("@")[0].partition("/")
    found: dict[str, Any] = json.loads(host.check_output(f"curl -fsSH '{ACCEPT}' http://{place}/v2/{name}/{what}"))
    return found


def inspected(host: Host, image: str) -> dict[str, Any]:
    """Return what podman knows of an image of ours."""
    found: dict[str, Any] = json.loads(host.check_output(f"podman image inspect {references(host)[image]}"))[0]
    return found


def test_lowest_layers_are_the_registrys(hosts: dict[str, Host], host: Host, pinned: str) -> None:
    """The catalog's image stands on the layers that the registry has under the pinned digest, on each host."""
    manifest = asked(hosts["alpha"], pinned, f"manifests/{pinned.partition('@')[2]}")
    base = asked(hosts["alpha"], pinned, f"blobs/{manifest['config']['digest']}")["rootfs"]["diff_ids"]
    layers = inspected(host, "catalog")["RootFS"]["Layers"]
    assert len(base) == 2
    assert layers[:2] == base
    assert len(layers) > 2


def test_the_tag_is_that_of_the_pinned_base(host: Host, pinned: str) -> None:
    """The image's tag is the one computed from the pinned reference, and not that of a Debian made by mmdebstrap."""
    tag = references(host)["catalog"]
    assert tag == image_references(str(PROJECT), "registry", pinned)["catalog"]
    assert tag != image_references(str(PROJECT), "mmdebstrap")["catalog"]


def test_the_program_has_the_pinned_version(host: Host) -> None:
    """The catalog server runs in it, confined as the unit confines it."""
    assert run(host, "catalog", "catalog_server --version").startswith("catalog_server version 7.14.5 ")


def test_the_base_was_asked_for_once_by_digest(hosts: dict[str, Host], pinned: str) -> None:
    """The registry saw one pull of podman's, by digest; converging again and checking asked for nothing."""
    journal = hosts["alpha"].check_output("journalctl --unit docker-registry --output cat")
    lines = [line for line in journal.splitlines() if '"GET /v2/debian/manifests/' in line and '"containers/' in line]
    assert [line.split()[6].rpartition("/")[2] for line in lines] == [pinned.partition("@")[2]]


def test_only_the_builder_knows_the_registry(hosts: dict[str, Host]) -> None:
    """The other host holds the image that it wants and no base, and no setting of it names the registry."""
    assert set(references(hosts["beta"])) == {"catalog"}
    assert hosts["beta"].run("grep -r 127.0.0.1:5000 /etc/containers").rc == 1


def test_nothing_of_the_build_is_left(host: Host) -> None:
    """The base's list of sources is as it was, and no certificate, mirror, cache or container of the build stays."""
    sources = run(host, "catalog", "ls /etc/apt/sources.list.d; grep URIs /etc/apt/sources.list.d/*")
    assert sources.split("\n") == ["debian.sources", "URIs: http://deb.debian.org/debian"]
    assert run(host, "catalog", LEFT_BY_BUILDING) == ""
    assert "authorities" not in host.check_output(f"podman history --no-trunc {references(host)['catalog']}")
    assert host.check_output("podman ps --all --quiet --external") == ""
