"""The package of a job, opened for looking into."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from lmsvc.client import Client


class Served(Protocol):
    """A service that a client reaches."""

    @property
    def client(self) -> Client:
        """Return the client."""


class Package:
    """What a researcher downloads of a job."""

    def __init__(self, service: Served, job_id: str, directory: Path) -> None:
        """Download the package into a directory."""
        self.path = service.client.download_package(job_id, directory / f"{job_id}.zip")
        self.manifest: dict[str, Any] = json.loads(self.read("manifest.json"))

    def names(self) -> list[str]:
        """Return the names of all members."""
        with zipfile.ZipFile(self.path) as archive:
            return archive.namelist()

    def read(self, name: str) -> bytes:
        """Return the content of a member."""
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(name)

    def files(self, reference: str) -> dict[str | None, str]:
        """Return the members that are an output ``step/output``, by label."""
        entries = [entry for entry in self.manifest["files"] if f"{entry['step']}/{entry['output']}" == reference]
        return {entry["label"]: entry["path"] for entry in entries}

    def contents(self, reference: str) -> dict[str | None, bytes]:
        """Return the contents of an output's files, by label."""
        return {label: self.read(name) for label, name in self.files(reference).items()}

    def only(self, reference: str) -> bytes:
        """Return the content of an output that is one file."""
        (content,) = self.contents(reference).values()
        return content

    def reports(self, reference: str) -> dict[str | None, dict[str, Any]]:
        """Return an output's JSON files, by label."""
        return {label: json.loads(content) for label, content in self.contents(reference).items()}

    def items(self, step: str) -> Iterator[dict[str, str]]:
        """Yield the lines of the report about a step's items."""
        lines = csv.DictReader(io.StringIO(self.read("reports/items.csv").decode(), newline=""))
        yield from (line for line in lines if line["step"] == step)

    def reasons(self, step: str, state: str) -> dict[str, str]:
        """Return by label why items of a step ended in a state, as the package's report says it."""
        return {line["label"]: line["reason"] for line in self.items(step) if line["state"] == state}

    def content_checksums(self) -> dict[tuple[str, str, str | None], str]:
        """Return the content checksum of every output file."""
        files = self.manifest["files"]
        return {(entry["step"], entry["output"], entry["label"]): entry["content_sha256"] for entry in files}


def table(content: bytes) -> list[list[str]]:
    """Return the rows of a CSV file."""
    return list(csv.reader(io.StringIO(content.decode(), newline="")))
