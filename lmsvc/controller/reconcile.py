"""Compares the database with the data directory and mends what differs.

| database | data directory | what is done |
| --- | --- | --- |
| no such job | a directory | the directory is removed |
| succeeded, not expired | no package | the package is missing: said, with how to make it again |
| running, its claim over | anything | nothing: the next controller claims it and goes on from its bundles |
| any | files half written (``*.partial``) | removed once they are an hour old |
"""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from lmsvc.jobs.states import JobState
from lmsvc.paths import DataPaths
from lmsvc.settings import Settings
from lmsvc.store.records import JobFilter
from lmsvc.store.retention import is_removed
from lmsvc.store.store import Store, open_store

_HALF_WRITTEN_SECONDS = 3600.0
_PAGE = 500


def main(settings: Settings) -> None:
    """Mend what differs and print a line for each thing mended or found."""
    store = open_store(settings.database_url)
    store.migrate()
    findings = list(reconcile(DataPaths(settings.data_dir), store))
    for finding in findings:
        print(finding)
    print(f"{len(findings)} differences" if findings else "nothing differs")


def reconcile(paths: DataPaths, store: Store) -> Iterator[str]:
    """Mend what differs; yield what was found, a sentence each."""
    for directory in remove_deleted_jobs(paths, store):
        yield f"removed {directory}: its job was deleted"
    for file in remove_half_written(paths):
        yield f"removed {file}: it was half written"
    for job_id in missing_packages(paths, store):
        yield f"job {job_id} succeeded but its package is gone: run it again with `lmsvc submit`"


def remove_deleted_jobs(paths: DataPaths, store: Store) -> list[Path]:
    """Remove and return the directories of jobs that the database does not know."""
    jobs = paths.root / "jobs"
    gone = [path for path in jobs.iterdir() if store.job(path.name) is None] if jobs.exists() else []
    for directory in gone:
        shutil.rmtree(directory, ignore_errors=True)
    return gone


def remove_half_written(paths: DataPaths) -> list[Path]:
    """Remove and return files and directories that nobody has finished writing for an hour."""
    oldest = time.time() - _HALF_WRITTEN_SECONDS
    found = [path for path in paths.root.glob("jobs/*/*.partial") if path.stat().st_mtime < oldest]
    for path in found:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return found


def missing_packages(paths: DataPaths, store: Store) -> Iterator[str]:
    """Yield the ids of succeeded jobs without a package."""
    cursor: str | None = None
    while True:
        page = store.jobs(JobFilter(state=JobState.SUCCEEDED), cursor, _PAGE)
        for job in page.rows:
            if not is_removed(job) and not paths.job(job.id).package.exists():
                yield job.id
        cursor = page.next_cursor
        if cursor is None:
            return
