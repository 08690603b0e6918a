"""Retention: what the controller does about results that expire."""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lmsvc.controller.retention import Retention
from lmsvc.controller.sizes import disk_bytes
from lmsvc.jobs.states import JobState
from lmsvc.paths import DataPaths
from lmsvc.settings import Settings
from lmsvc.store import Store, open_store
from lmsvc.store.accounts_records import Quota, User
from lmsvc.store.retention import is_removed
from tests.store.make import claim, end, submit

DAY = 86_400.0
END = 20.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Give settings of a site that keeps results for 30 days."""
    return Settings.model_validate({"data_dir": tmp_path, "quota": {"days_kept": 30}, "expiry_warning_days": 7})


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """Give an empty store."""
    with closing(open_store(settings.database_url)) as store:
        store.migrate()
        yield store


def ended(store: Store, settings: Settings, user: str = "ada") -> str:
    """End a job with a package; return its id."""
    job_id = submit(store, user)
    claim(store)
    paths = DataPaths(settings.data_dir).job(job_id)
    paths.bundles.mkdir(parents=True)
    paths.package.write_bytes(b"x" * 10_000)
    end(store, job_id, JobState.SUCCEEDED, END)
    return job_id


def folder(settings: Settings, job_id: str) -> Path:
    """Return the directory of a job."""
    return DataPaths(settings.data_dir).job(job_id).root


def test_results_go_after_a_warning(store: Store, settings: Settings) -> None:
    """Day by day: kept, warned of a week before, kept to the last day, then removed with all their files."""
    job_id, retention = ended(store, settings), Retention(settings, store)
    seen = {}
    for day in range(1, 40):
        retention.sweep(END + day * DAY)
        head = store.head(job_id)
        assert head is not None
        seen[day] = (head.expiry_warned, folder(settings, job_id).exists(), is_removed(head))
    assert next(day for day, (warned, _, _) in seen.items() if warned) == 23
    assert max(day for day, (_, there, _) in seen.items() if there) == 30
    assert all(gone is not there for _, there, gone in seen.values())
    assert [event.kind for event in store.events(job_id)][-2:] == ["expiring", "expired"]
    assert list(DataPaths(settings.data_dir).root.glob("jobs/*")) + list(settings.data_dir.glob("jobs/.*")) == []


def test_nothing_goes_unwarned_however_old(store: Store, settings: Settings) -> None:
    """After a year without a controller the owner still gets the whole warning."""
    job_id, retention = ended(store, settings), Retention(settings, store)
    for day in (365, 366, 371):
        retention.sweep(day * DAY)
        assert folder(settings, job_id).exists(), day
    retention.sweep(373 * DAY)
    assert not folder(settings, job_id).exists()


def test_a_controller_that_was_away_warns_fully(store: Store, settings: Settings) -> None:
    """Results whose day came while nobody could warn are kept for the warning's time."""
    job_id, retention = ended(store, settings), Retention(settings, store)
    retention.sweep(1 * DAY)
    for day in (50, 56):
        retention.sweep(day * DAY)
        assert folder(settings, job_id).exists(), day
    retention.sweep(58 * DAY)
    assert not folder(settings, job_id).exists()


def test_a_user_may_have_days_of_his_own(store: Store, settings: Settings) -> None:
    """The user's own number wins over the site's, and 0 is for ever."""
    store.add_user(User("ben", quota=Quota(days_kept=0)))
    store.add_user(User("eve", quota=Quota(days_kept=90)))
    jobs = [ended(store, settings, user) for user in ("ada", "ben", "eve")]
    Retention(settings, store).sweep(DAY)
    heads = [store.head(job_id) for job_id in jobs]
    assert [head and head.expires for head in heads] == [END + 30 * DAY, None, END + 90 * DAY]


def test_more_days_save_what_was_warned_of(store: Store, settings: Settings) -> None:
    """An administrator who gives a user more days after the warning keeps the results."""
    user = User("ada")
    store.add_user(user)
    job_id, retention = ended(store, settings), Retention(settings, store)
    retention.sweep(END + 25 * DAY)
    store.change_user(replace(user, quota=Quota(days_kept=60)))
    for day in (31, 40, 50):
        retention.sweep(END + day * DAY)
    assert folder(settings, job_id).exists()


def test_jobs_that_wait_or_run_are_left_alone(store: Store, settings: Settings) -> None:
    """A job that has not ended never expires, however long it takes."""
    job_id = submit(store)
    claim(store)
    folder(settings, job_id).mkdir(parents=True)
    retention = Retention(settings, store)
    for day in (1, 100, 200):
        retention.sweep(day * DAY)
    assert folder(settings, job_id).exists()


def test_results_are_measured(store: Store, settings: Settings) -> None:
    """What a job takes on the disk is known after a sweep; a file with two names counts once."""
    job_id = ended(store, settings)
    package = DataPaths(settings.data_dir).job(job_id).package
    os.link(package, package.with_name("again"))
    Retention(settings, store).sweep(DAY)
    assert 10_000 <= store.package_bytes("ada") < 20_000
    assert disk_bytes(settings.data_dir / "nowhere") == 0
