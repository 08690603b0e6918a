"""Retention: what the controller does about results that expire."""

import hashlib
import os
from collections.abc import Iterable, Iterator
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
from lmsvc.store.records import NewJob, Upload
from lmsvc.store.retention import is_removed
from lmsvc.uploads import CUT_OFF_SECONDS, GRACE_SECONDS
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


def uploaded(store: Store, settings: Settings, user: str = "ada", content: str = "a") -> Upload:
    """Put a user's upload into its place, come at time 0."""
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    place = DataPaths(settings.data_dir).upload(sha256)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(content)
    return store.add_upload(Upload(sha256[:32], "points.csv", len(content), sha256, 0.0, user))


def use(store: Store, upload: Upload) -> str:
    """Run a job of an upload's user that names it to its end; return its id."""
    document = {"name": "uses", "inputs": {"points": {"upload": upload.id}}, "steps": {}}
    job_id = store.submit(NewJob(upload.user, "uses", document), None, 1.0).job_id
    claim(store)
    end(store, job_id, JobState.SUCCEEDED, END)
    return job_id


def lasts(store: Store, settings: Settings, upload: Upload, days: Iterable[int]) -> list[int]:
    """Sweep on each day; return the days on which a user still had an upload, whose file was there then."""
    retention, had = Retention(settings, store), []
    for day in days:
        retention.sweep(day * DAY)
        if store.upload(upload.id, upload.user):
            had.append(day)
            assert DataPaths(settings.data_dir).upload(upload.sha256).exists(), day
    return had


def test_uploads_that_no_job_uses_go(store: Store, settings: Settings) -> None:
    """An upload is kept as long as results are; its description says until when from the first look on."""
    upload = uploaded(store, settings)
    assert lasts(store, settings, upload, [1]) == [1]
    found = store.upload(upload.id, "ada")
    assert found is not None
    assert found.expires == 30 * DAY
    assert lasts(store, settings, upload, range(2, 40)) == list(range(2, 31))
    assert not DataPaths(settings.data_dir).upload(upload.sha256).exists()


def test_an_upload_stays_while_a_job_uses_it(store: Store, settings: Settings) -> None:
    """With the results it goes at its own time, and no sooner than a warning's time after the job let it go."""
    upload = uploaded(store, settings)
    use(store, upload)
    assert lasts(store, settings, upload, range(1, 60)) == list(range(1, 40))


def test_a_deleted_job_leaves_its_upload_a_while(store: Store, settings: Settings) -> None:
    """Who deletes an old job to submit it anew still has what it was made from."""
    upload = uploaded(store, settings)
    settings.quota.days_kept = 0
    job_id = use(store, upload)
    assert lasts(store, settings, upload, [100]) == [100]
    store.delete(job_id)
    settings.quota.days_kept = 30
    assert lasts(store, settings, upload, range(101, 120)) == list(range(101, 109))


def test_a_file_goes_with_its_last_user(store: Store, settings: Settings) -> None:
    """The same content of two users stays for the one who may keep it longer."""
    store.add_user(User("ben", quota=Quota(days_kept=60)))
    mine, other = uploaded(store, settings), uploaded(store, settings, "ben")
    assert lasts(store, settings, mine, range(1, 50)) == list(range(1, 31))
    assert lasts(store, settings, other, range(50, 80)) == list(range(50, 61))
    assert not DataPaths(settings.data_dir).upload(other.sha256).exists()


def test_a_new_policy_leaves_uploads_a_warnings_time(store: Store, settings: Settings) -> None:
    """What is older than a new policy allows does not go at once; sent again it is kept as long again."""
    upload = uploaded(store, settings)
    assert lasts(store, settings, upload, range(365, 370)) == list(range(365, 370))
    uploaded(store, settings)
    assert lasts(store, settings, upload, range(370, 390)) == list(range(370, 378))


def test_without_a_policy_uploads_stay(store: Store, settings: Settings) -> None:
    """0 days are for ever, also for what was to go before."""
    upload = uploaded(store, settings)
    assert lasts(store, settings, upload, [1, 29]) == [1, 29]
    settings.quota.days_kept = 0
    assert lasts(store, settings, upload, [30, 31, 1000]) == [30, 31, 1000]


def test_parts_that_nobody_went_on_with_go(store: Store, settings: Settings) -> None:
    """Uploads in parts go some time after they expired, temporary files of a crash a day later; younger ones stay."""
    paths, now = DataPaths(settings.data_dir), 1_000_000.0
    lifetime = settings.limits.unfinished_hours * 3600
    ages = {"old": lifetime + GRACE_SECONDS + 1, "just expired": lifetime + 1, "young": 1}
    for name, age in ages.items():
        aged(paths.transfers / name / "data", now - age)
    aged(paths.incoming / "cut off", now - CUT_OFF_SECONDS - 1)
    aged(paths.incoming / "arriving", now - CUT_OFF_SECONDS + 1)
    Retention(settings, store).sweep(now)
    assert {path.name for path in paths.transfers.iterdir()} == {"just expired", "young"}
    assert {path.name for path in paths.incoming.iterdir()} == {"arriving"}


def aged(path: Path, changed: float) -> None:
    """Make a file that, like its directory, changed last at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    for each in (path, path.parent):
        os.utime(each, (changed, changed))
