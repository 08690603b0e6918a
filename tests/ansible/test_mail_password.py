"""The password for the mail server: from the control node into podman, and nowhere else."""

import re
from pathlib import Path

import pytest

from tests.ansible.rendering import evaluate
from tests.ansible.tree import ROOT, tasks

UNIT = ROOT / "roles" / "controller" / "templates" / "lmsvc-controller.container.j2"
SECRET, PLACE = "lmsvc-mail-password", "/run/secrets/lmsvc-mail-password"


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the controller's unit of a site without and with a password."""
    directory = tmp_path_factory.mktemp("rendered")
    (directory / "password").write_text("not-for-files")
    given = {"without": "", "with": str(directory / "password")}
    look = (
        "'{name}': lookup('ansible.builtin.template', '{path}', template_vars=dict(site_mail_password_file='{file}'))"
    )
    parts = [look.format(name=name, path=UNIT, file=file) for name, file in given.items()]
    return evaluate(f"{{{', '.join(parts)}}} | to_json", "alpha", directory)


def test_the_controller_gets_it_as_a_mounted_secret(units: dict[str, str]) -> None:
    """Unit and environment name a place that only the service's user can read; the password stands in neither."""
    assert f"Secret={SECRET},type=mount,uid=900,gid=900,mode=0400" in units["with"].splitlines()
    assert f"Environment=LMSVC_NOTICES__MAIL__PASSWORD_FILE={PLACE}" in units["with"].splitlines()
    assert "not-for-files" not in units["with"]


def test_without_a_password_nothing_of_it_is_there(units: dict[str, str]) -> None:
    """A mail server that asks for none, or no mail server at all: the container needs no such secret."""
    assert SECRET not in units["without"]


def test_both_units_have_the_key_of_webhooks(tmp_path: Path) -> None:
    """Web service and controller read the same key from podman."""
    web = ROOT / "roles" / "web" / "templates" / "lmsvc-web.container.j2"
    pairs = ", ".join(f"'{path}': lookup('ansible.builtin.template', '{path}')" for path in (UNIT, web))
    for text in evaluate(f"{{{pairs}}} | to_json", "alpha", tmp_path).values():
        assert "Secret=lmsvc-notices-key,type=mount,uid=900,gid=900,mode=0400" in text
        assert "LMSVC_NOTICES__KEY_FILE=/run/secrets/lmsvc-notices-key" in text


def test_no_task_shows_it() -> None:
    """The only task that reads the password keeps it out of logs, and gives it to podman alone."""
    files = sorted((ROOT / "roles" / "controller" / "tasks").glob("*.yml"))
    reading = [task for path in files for task in tasks(path) if re.search(r"lookup\(.*mail_password_file", str(task))]
    assert [list(task)[1] for task in reading] == ["containers.podman.podman_secret"]
    assert [task["no_log"] for task in reading] == [True]
