"""The invariants of the service, checked over the whole history of a fault run."""

import hashlib
import io
import itertools
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

from lmsvc.jobs.states import ALLOWED, JobState, is_terminal
from tests.chaos.history import History, Planned
from tests.service.running import RunningService


def violations(history: History, service: RunningService, outside: Path) -> Iterator[str]:
    """Yield every violation of an invariant, a sentence each.

    Args:
        history: of the run.
        service: running and undisturbed.
        outside: a directory beside the data directory that nothing may write to.
    """
    for key, planned in history.planned.items():
        job_ids = history.acknowledged.get(key, [])
        yield from _one_job_per_key(key, job_ids)
        if job_ids:
            yield from _exists(job_ids[0], service)
            yield from _legal_states(job_ids[0], history.states.get(job_ids[0], []))
            yield from _right_end(job_ids[0], planned, service)
    if any(outside.iterdir()):
        yield f"I6: files outside the data directory: {[path.name for path in outside.iterdir()]}"


def _one_job_per_key(key: str, job_ids: list[str]) -> Iterator[str]:
    if len(set(job_ids)) > 1:
        yield f"I2: key {key} gave several jobs: {sorted(set(job_ids))}"


def _exists(job_id: str, service: RunningService) -> Iterator[str]:
    if service.job(job_id)["id"] != job_id:
        yield f"I1: acknowledged job {job_id} is gone"


def _legal_states(job_id: str, seen: list[str]) -> Iterator[str]:
    states = [JobState(state) for state in seen]
    for before, after in itertools.pairwise(states):
        if is_terminal(before):
            yield f"I3: job {job_id} left the terminal state {before} for {after}"
        elif after not in _reachable(before):
            yield f"I3: job {job_id} went from {before} to {after}"


def _reachable(state: JobState) -> set[JobState]:
    """Return the states that can follow, also where those between were not seen."""
    direct = {after for after in ALLOWED[state]}
    return direct | {later for after in direct if not is_terminal(after) for later in ALLOWED[after]}


def _right_end(job_id: str, planned: Planned, service: RunningService) -> Iterator[str]:
    job = service.job(job_id)
    if job["state"] not in planned.expected.split(" or "):
        yield f"I7/I8: job {job_id} ({job['name']}) ended {job['state']} ({job['error']}), not {planned.expected}"
    if job["state"] == "succeeded":
        yield from _right_package(job_id, planned, service)


def _right_package(job_id: str, planned: Planned, service: RunningService) -> Iterator[str]:
    package = service.data_dir / "jobs" / job_id / "package.zip"
    if not package.exists():
        yield f"I4: job {job_id} succeeded without a package"
        return
    with zipfile.ZipFile(io.BytesIO(package.read_bytes())) as archive:
        files = json.loads(archive.read("manifest.json"))["files"]
        texts = {}
        for entry in files:
            data = archive.read(entry["path"])
            texts[entry["label"] or ""] = data.decode()
            if hashlib.sha256(data).hexdigest() != entry["sha256"]:
                yield f"I4: {entry['path']} of job {job_id} differs from its checksum"
    if planned.texts and texts != planned.texts:
        yield f"I5: job {job_id} published {texts}, not {planned.texts}"
