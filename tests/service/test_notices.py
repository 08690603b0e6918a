"""A whole service that tells of its jobs, and whose packages an archive understands."""

import json
import time
import zipfile
from pathlib import Path

import pytest
from rocrate.rocrate import ROCrate

from lmsvc.notices.secrets import signature, user_secret
from tests.notices.receiving import hook, mail_server
from tests.service.conftest import ServiceFactory
from tests.service.running import wait_for

pytestmark = [pytest.mark.cctools, pytest.mark.slow]
TOLD_SECONDS = 30.0


def test_a_job_tells_of_its_end_and_its_package_says_what_it_is(own_service: ServiceFactory, tmp_path: Path) -> None:
    """Webhook and mail arrive after a real job, signed with the site's key; the package is a crate of that run."""
    with hook() as receiver, mail_server() as box:
        mail = {"server": "127.0.0.1", "port": box.port, "security": "none", "sender": "lm@example.org"}
        service = own_service(notices={"webhooks": True, "private_addresses": True, "mail": mail})
        document = {
            "name": "hello",
            "licence": "CC0-1.0",
            "steps": {"say": {"run": "echo_text", "in": {"text": {"value": "hello"}}}},
            "outputs": ["say/text"],
            "notify": {"webhook": receiver.url, "email": "ada@example.org"},
        }
        job = service.run(document)
        ended = time.monotonic()
        wait_for("both told", lambda: receiver.came and box.mails, TOLD_SECONDS)
        print(f"told {time.monotonic() - ended:.2f} s after the end was seen")
    ((headers, body),) = receiver.came
    secret = user_secret((service.data_dir / "run" / "notices.key").read_bytes(), job["user"])
    sent = int(headers["webhook-timestamp"])
    assert headers["webhook-signature"] == signature(secret, headers["webhook-id"], sent, body)
    assert json.loads(body)["data"]["items"] == {"succeeded": 1, "failed": 0, "skipped": 0, "not_run": 0}
    assert box.mails[0]["Subject"] == "hello: succeeded"
    _check_crate(service.client.download_package(job["id"], tmp_path / "p.zip"))


def _check_crate(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        archive.extractall(package.parent / "crate")
    crate = ROCrate(package.parent / "crate")
    step = crate.get("#step-say")
    assert step is not None
    assert step["instrument"].id == "#tool-echo_text"
    assert (crate.name, crate.root_dataset["license"].id) == ("hello", "https://spdx.org/licenses/CC0-1.0")
    assert (package.parent / "crate" / step["result"].id).read_text().strip() == "hello"
