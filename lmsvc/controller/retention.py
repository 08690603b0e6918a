"""Results and uploads expire: owners are told first, then the files go; the job's record stays.

| results | what is done |
| --- | --- |
| of a job that ended, its owner's are kept for some days | they expire so long after its end, fully warned |
| expire within the warning time | the owner is told: an event, the page, and whom the job tells |
| have expired, and the owner was told | files and outputs are removed; the document stays, to be run again |
| of a job that waits or runs | nothing: they do not expire |

| uploads | what is done |
| --- | --- |
| a job names one, and its results are not gone | nothing: it does not expire |
| no job does | it expires so many days after it came, not before a warning's time has passed; `expires` says when |
| have expired | the user has it no longer; the file goes with its last user |
| in parts that nobody went on with | are removed |
"""

import contextlib
import logging
import shutil

from lmsvc.controller.sizes import disk_bytes
from lmsvc.paths import DataPaths
from lmsvc.settings import Settings
from lmsvc.store.accounts_records import Quota
from lmsvc.store.errors import StoreError
from lmsvc.store.store import Store
from lmsvc.uploads import remove_expired, remove_unfinished

AT_ONCE = 100
DAY_SECONDS = 86_400.0

log = logging.getLogger(__name__)


class Retention:
    """Applies the site's policy to what jobs made."""

    def __init__(self, settings: Settings, store: Store) -> None:
        """Work with a store and the data directory of some settings."""
        self._site = Quota(**settings.quota.model_dump())
        self._unfinished_seconds = settings.limits.unfinished_hours * 3600
        self._warning_seconds = settings.expiry_warning_days * DAY_SECONDS
        self._store = store
        self._paths = DataPaths(settings.data_dir)

    def sweep(self, now: float) -> None:
        """Bring everything up to date once."""
        remove_unfinished(self._paths, self._unfinished_seconds, now)
        self._measure()
        for user in self._store.owners():
            self._store.keep_for(user, self._kept_seconds(user), now + self._warning_seconds)
        self._warn(now)
        for job in self._store.to_remove(now, AT_ONCE):
            try:
                self._remove(job.id, now)
            except StoreError as error:
                log.warning("job %s: its results have expired and cannot be removed: %s", job.id, error)
        self._let_uploads_go(now)

    def _let_uploads_go(self, now: float) -> None:
        for user in self._store.upload_owners():
            self._store.keep_uploads_for(user, self._kept_seconds(user), now + self._warning_seconds)
        for upload in self._store.uploads_to_remove(now, AT_ONCE):
            try:
                if remove_expired(self._store, self._paths, upload, now):
                    log.info("upload %s of %s has expired and is removed", upload.id, upload.user)
            except StoreError as error:
                log.warning("upload %s has expired and cannot be removed: %s", upload.id, error)

    def _kept_seconds(self, user: str) -> float | None:
        known = self._store.user(user)
        own = known.quota if known else Quota()
        days = own.over(self._site, admin=bool(known and known.admin)).days_kept
        return days * DAY_SECONDS if days else None

    def _warn(self, now: float) -> None:
        """Warn of what expires soon; what should have been warned of long ago is kept for a full warning from now."""
        least = now + self._warning_seconds
        for job in self._store.to_warn(least, AT_ONCE):
            assert job.expires is not None
            if self._store.warn(job.id, max(job.expires, least), now):
                log.info("job %s: its owner is told that its results expire", job.id)

    def _remove(self, job_id: str, now: float) -> None:
        """Remove the files of a job; they are put aside at once, where a crash leaves them to be swept away."""
        place = self._paths.job(job_id).root
        aside = place.with_name(f".expired-{job_id}")

        def put_aside() -> None:
            with contextlib.suppress(FileNotFoundError):
                place.rename(aside)

        if self._store.remove_results(job_id, now, put_aside):
            shutil.rmtree(aside, ignore_errors=True)
            log.info("job %s: its results have expired and are removed", job_id)

    def _measure(self) -> None:
        for job_id in self._store.unmeasured(AT_ONCE):
            self._store.set_package_bytes(job_id, disk_bytes(self._paths.job(job_id).root))
