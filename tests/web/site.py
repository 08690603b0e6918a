"""A web service over a store of its own, and the things tests put into it."""

import hashlib
import io
import json
import tarfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lmsvc.jobs.states import JobState
from lmsvc.paths import DataPaths
from lmsvc.settings import Settings
from lmsvc.store import Store, open_store
from lmsvc.store.records import NewJob, OutputFile
from lmsvc.web.app import create_app

UNUSED_CATALOG_PORT = 18499
ECHO: Mapping[str, Any] = {
    "name": "echo",
    "steps": {"say": {"run": "echo_text", "in": {"text": {"value": "hello"}}}},
    "outputs": ["say/text"],
}
A_JOB = NewJob(user="local", name="a job", document=ECHO)


@dataclass(frozen=True)
class Site:
    """One service: its settings, its database, its application."""

    settings: Settings
    store: Store
    app: Flask

    @classmethod
    def make(cls, root: Path, **changes: object) -> "Site":
        """Make a service below a directory, with settings as given."""
        settings = Settings.model_validate({"data_dir": root, "catalog_port": UNUSED_CATALOG_PORT, **changes})
        (root / "run").mkdir(parents=True, exist_ok=True)
        store = open_store(settings.database_url)
        store.migrate()
        return cls(settings, store, create_app(settings, store))

    @property
    def client(self) -> FlaskClient:
        """Return a client that calls the application without a network."""
        return self.app.test_client()

    @property
    def paths(self) -> DataPaths:
        """Return the places of the service's files."""
        return DataPaths(self.settings.data_dir)

    def submit(self, document: Mapping[str, Any] = ECHO, *, key: str | None = None) -> TestResponse:
        """Submit a document, with an Idempotency-Key where one is given."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.client.post(
            "/api/v1/jobs", data=json.dumps(document), content_type="application/json", headers=headers
        )

    def queued(self, job: NewJob = A_JOB) -> str:
        """Put a job into the store; return its id."""
        return self.store.submit(job, None, time.time()).job_id

    def running(self, job: NewJob = A_JOB) -> str:
        """Put a job into the store and let a controller claim it."""
        job_id = self.queued(job)
        while (claimed := self.store.claim("tests", time.time(), 60.0, 1_000_000)) and claimed.id != job_id:
            pass
        return job_id

    def ended(
        self, state: JobState = JobState.SUCCEEDED, job: NewJob = A_JOB, error: dict[str, Any] | None = None
    ) -> str:
        """Put a job into the store that has run to its end."""
        job_id = self.running(job)
        assert self.store.transition(job_id, state, time.time(), expected=JobState.RUNNING, owner="tests", error=error)
        return job_id

    def output(self, job_id: str, path: str, content: bytes, label: str | None = None) -> OutputFile:
        """Publish a file of a job."""
        target = self.paths.job(job_id).outputs / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        step, output, _ = path.split("/", 2)
        sha256 = hashlib.sha256(content).hexdigest()
        file = OutputFile(path, step, output, None, label, len(content), sha256, sha256, "text/plain")
        self.store.save_outputs(job_id, [file])
        return file

    def package(self, job_id: str, content: bytes) -> None:
        """Put a package in place."""
        package = self.paths.job(job_id).package
        package.parent.mkdir(parents=True, exist_ok=True)
        package.write_bytes(content)

    def bundle(self, job_id: str, task: str, items: Mapping[int, tuple[str, str]], started: float = 1.0) -> Path:
        """Write the bundle of a task whose items printed (stdout, stderr)."""
        directory = self.paths.job(job_id).bundles
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{task}.tar"
        with tarfile.open(path, "w") as archive:
            _add(archive, "status.json", json.dumps(_status(task, items, started)))
            for index, (stdout, stderr) in items.items():
                _add(archive, f"{index}/stdout", stdout)
                _add(archive, f"{index}/stderr", stderr)
        return path


def _status(task: str, items: Mapping[int, tuple[str, str]], started: float) -> dict[str, Any]:
    listed = [
        {
            "index": index,
            "label": f"species {index}",
            "state": "succeeded",
            "stdout": f"{index}/stdout",
            "stderr": f"{index}/stderr",
        }
        for index in items
    ]
    step, _, _ = task.partition(".")
    return {"format": 1, "task": task, "step": step, "started": started, "seconds": 1.0, "items": listed}


def _add(archive: tarfile.TarFile, name: str, text: str) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(text.encode())
    archive.addfile(member, io.BytesIO(text.encode()))
