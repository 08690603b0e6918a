"""Every template renders from the example inventory and the roles' defaults, and every unit is closed."""

import re
from pathlib import Path

import pytest

from tests.ansible.rendering import rendered, templates

CLOSED = (
    "ReadOnly=true",
    "NoNewPrivileges=true",
    "DropCapability=all",
    "Pull=never",
    "LogDriver=journald",
    "HealthCmd=",
)
JOINED = (
    "PartOf=lmsvc.target",
    "WantedBy=lmsvc.target",
    "Restart=always",
    "StartLimitIntervalSec=0",
)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    """Return all templates as they are on the host that has all services; Ansible refuses undefined variables."""
    return rendered(templates("*.j2"), "alpha", tmp_path_factory.mktemp("rendered"))


def test_every_template_renders(texts: dict[Path, str]) -> None:
    """No template asks for a variable that neither inventory nor role gives, and none leaves one unfilled."""
    assert len(texts) >= 12
    assert [path.name for path, text in texts.items() if "{{" in text.replace("{{.SecretData}}", "")] == []


def test_files_on_hosts_say_who_manages_them(texts: dict[Path, str]) -> None:
    """A reader on the host learns not to edit the file there; what goes into images or on the screen stays nowhere."""
    placed = {path: text for path, text in texts.items() if path.parts[-3] not in ("images", "summary")}
    assert [path.name for path, text in placed.items() if "Ansible managed" not in text] == []


def test_containers_are_closed(texts: dict[Path, str]) -> None:
    """Each container is read-only, without privileges, of a known user, and its image comes from nowhere else."""
    units = {path.name: text for path, text in texts.items() if path.name.endswith(".container.j2")}
    assert len(units) >= 6
    assert [(name, line) for name, text in units.items() for line in CLOSED if line not in text] == []
    assert [name for name, text in units.items() if "\nUser=" not in text or "\nUser=0" in text] == []


def test_units_belong_to_the_one_target(texts: dict[Path, str]) -> None:
    """One target starts and stops all of a host's units, and each one is started again for ever."""
    units = {path.name: text for path, text in texts.items() if path.name.endswith(".container.j2")}
    assert [(name, line) for name, text in units.items() for line in JOINED if line not in text] == []
    slices = {name: set(re.findall("^Slice=(.*)$", text, re.MULTILINE)) for name, text in units.items()}
    own = {name: "lmsvc-workers.slice" if "worker" in name else "lmsvc.slice" for name in units}
    assert slices == {name: {one} for name, one in own.items()}


def test_pools_of_a_host_are_capped_at_what_they_are_told_to_use(texts: dict[Path, str]) -> None:
    """Agents tell what slots may use of a host with 4 cores and 8,000 MB, and the slice holds them to little more."""
    text = {path.name: text for path, text in texts.items()}
    assert "--host-cores 4 --host-memory-mb 5200 " in text["lmsvc-worker.container.j2"]
    assert "CPUQuota=400%" in text["lmsvc-workers.slice.j2"]
    assert "MemoryMax=5712M" in text["lmsvc-workers.slice.j2"]


@pytest.mark.parametrize(("gpus", "there"), [(0, 4), (2, 4), (2, 0)])
def test_gpus_come_into_the_containers_that_use_them(tmp_path: Path, gpus: int, there: int) -> None:
    """A pool with GPUs gets the devices of a host that has some, where its slots lock them, and how many there are."""
    shape = "{{ worker_pools[__worker_pool] | combine({'gpus': " + str(gpus) + "}) }}"
    more = {"__worker_shape": shape, "worker_host_gpus": there}
    [text] = rendered(templates("lmsvc-worker.container.j2"), "alpha", tmp_path, more).values()
    assert ("\nAddDevice=nvidia.com/gpu=all\n" in text) == bool(gpus and there)
    words = f" --gpus {gpus} --host-gpus {there} --gpu-dir /var/lib/lmsvc/pools/.gpus "
    assert (words in text) == bool(gpus)
    assert ("Volume=/var/lib/lmsvc/pools/.gpus:/var/lib/lmsvc/pools/.gpus\n" in text) == bool(gpus)


def test_no_unit_names_the_number_of_slots(texts: dict[Path, str]) -> None:
    """Other bounds change a file that the service reads again, and no unit, so nothing restarts."""
    units = {path.name: text for path, text in texts.items() if path.name.endswith(".container.j2")}
    assert [name for name, text in units.items() if re.search("--slots|LMSVC_POOLS=", text)] == []
    reading = [name for name, text in units.items() if "LMSVC_POOLS_FILE=/etc/lmsvc/pools/pools.json" in text]
    assert sorted(reading) == ["lmsvc-controller.container.j2", "lmsvc-web.container.j2"]
    assert [name for name in reading if "Volume=/etc/lmsvc/pools:/etc/lmsvc/pools:ro" not in units[name]] == []


def test_no_secret_is_in_a_file(texts: dict[Path, str]) -> None:
    """Passwords reach a container as mounted secrets, not as words of its unit or environment."""
    lines = [line for text in texts.values() for line in text.splitlines() if line.startswith("Secret=")]
    assert lines
    assert [line for line in lines if "type=mount" not in line or "mode=04" not in line] == []
