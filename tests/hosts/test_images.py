"""Images arrive where they are wanted, and each starts with a read-only root as an ordinary user."""

import json
import shlex

import pytest
from testinfra.host import Host

WANTED = {
    "alpha": {"catalog", "controller", "database", "proxy", "web"},
    "beta": {"worker", "worker-elapid"},
}
VERSIONS = {
    "alpha catalog": ("makeflow --version", "makeflow version 7.14.5"),
    "alpha database": ("postgres --version", "postgres (PostgreSQL) 17."),
    "alpha proxy": ("nginx -v 2>&1", "nginx version: nginx/1.26."),
    "alpha controller": ("makeflow --version", "makeflow version 7.14.5"),
    "alpha web": ("python3 -c 'import flask, psycopg, lmsvc; print(lmsvc.__version__)'", "0."),
    "beta worker": ("work_queue_worker --version", "work_queue_worker version 7.14.5"),
    "beta worker-elapid": ("work_queue_worker --version", "work_queue_worker version 7.14.5"),
}
CONFINED = "podman run --rm --read-only --read-only-tmpfs=false --tmpfs=/tmp --cap-drop=all --network=none"
LEFT_BY_BUILDING = (
    "cat /etc/apt/sources.list; "
    "find /mnt /media /var/cache/apt/archives -type f ! -name lock 2>/dev/null; which pip gcc || true"
)
FIT = """
import elapid, numpy
rng = numpy.random.default_rng(0)
x = rng.normal(size=(200, 3))
model = elapid.MaxentModel()
model.fit(x, (x[:, 0] > 0).astype(int))
print(model.predict(x).shape)
"""


def references(host: Host) -> dict[str, str]:
    """Return the newest reference of each image of ours on a host."""
    listing = host.check_output("podman image ls --format json --filter 'reference=localhost/lmsvc/*'")
    images = sorted(json.loads(listing), key=lambda image: int(image["Created"]))
    names = [name for image in images for name in image.get("Names", [])]
    return {name.removeprefix("localhost/lmsvc/").split(":")[0]: name for name in names}


def run(host: Host, image: str, command: str) -> str:
    """Run a shell command in an image, confined as the units confine it, and return what it prints."""
    words = f"{CONFINED} --security-opt=no-new-privileges --entrypoint=sh {references(host)[image]}"
    return str(host.check_output(f"{words} -c {shlex.quote(command)}"))


def test_only_wanted_images_are_sent(hosts: dict[str, Host]) -> None:
    """A host that does not build holds exactly the images that it wants."""
    assert set(references(hosts["beta"])) == WANTED["beta"]
    assert WANTED["alpha"] <= set(references(hosts["alpha"]))


@pytest.mark.parametrize("case", VERSIONS)
def test_programs_have_the_pinned_versions(hosts: dict[str, Host], case: str) -> None:
    """Each image's program starts with a read-only root, no capability, and says the version that is pinned."""
    name, image = case.split()
    command, version = VERSIONS[case]
    assert run(hosts[name], image, command).startswith(version)


@pytest.mark.parametrize("case", VERSIONS)
def test_images_run_as_an_ordinary_user(hosts: dict[str, Host], case: str) -> None:
    """The user is lmsvc's or postgres's own number, and cannot write outside /tmp."""
    name, image = case.split()
    answer = run(hosts[name], image, "id -u; touch /tmp/file && ! touch /etc/file 2>/dev/null && echo kept")
    assert answer.split() == ["999" if image == "database" else "900", "kept"]


@pytest.mark.parametrize("case", VERSIONS)
def test_images_say_what_they_are(hosts: dict[str, Host], case: str) -> None:
    """The labels name the image, and its recipe's hash is its tag."""
    name, image = case.split()
    reference = references(hosts[name])[image]
    labels = json.loads(hosts[name].check_output(f"podman image inspect {reference}"))[0]["Labels"]
    assert labels["org.opencontainers.image.title"] == f"lmsvc-{image}"
    assert labels["org.opencontainers.image.revision"] == reference.rpartition(":")[2]
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"


@pytest.mark.parametrize("image", ["worker", "worker-elapid"])
def test_workers_hold_the_tools(hosts: dict[str, Host], image: str) -> None:
    """The tools' Python imports lmpy and GDAL; lmsvc, and nothing else, is added by PYTHONPATH."""
    imports = "import lmpy, numpy, dendropy, rtree, requests, matplotlib.pyplot; from osgeo import gdal"
    run(hosts["beta"], image, f"python3 -c '{imports}'")
    run(hosts["beta"], image, "PYTHONPATH=/opt/python python3 -c 'import lmsvc.tools.build_grid'")
    assert run(hosts["beta"], image, "ls /opt/python") == "lmsvc"


def test_elapid_fits_a_model(hosts: dict[str, Host]) -> None:
    """The image for species distribution models fits one; the smaller one has no elapid."""
    assert run(hosts["beta"], "worker-elapid", f"python3 -c {shlex.quote(FIT)}") == "(200,)"
    run(hosts["beta"], "worker", "! python3 -c 'import elapid' 2>/dev/null")


def test_nothing_of_the_build_is_left(hosts: dict[str, Host]) -> None:
    """No certificate, mirror, cache or build tool of the builder is in an image or in its history."""
    for image in WANTED["beta"]:
        left = run(hosts["beta"], image, LEFT_BY_BUILDING)
        assert left == "deb http://deb.debian.org/debian trixie main"
        history = hosts["beta"].check_output(f"podman history --no-trunc {references(hosts['beta'])[image]}")
        assert "authorities" not in history
