"""The store: one object over one database, safe to share between threads."""

from lmsvc.store.accounts import AccountStore
from lmsvc.store.accounts_shares import ShareStore
from lmsvc.store.accounts_tokens import TokenStore
from lmsvc.store.changes import ChangeStore
from lmsvc.store.claims import ClaimStore
from lmsvc.store.database import Database
from lmsvc.store.events import EventStore
from lmsvc.store.job_reads import JobStore
from lmsvc.store.migrations import migrate
from lmsvc.store.notices import NoticeStore
from lmsvc.store.outputs import OutputStore
from lmsvc.store.progress import ProgressStore
from lmsvc.store.retention import RetentionStore
from lmsvc.store.submissions import SubmissionStore
from lmsvc.store.timings import TimingStore
from lmsvc.store.upload_expiry import UploadExpiryStore
from lmsvc.store.uploads import UploadStore


class Store(
    SubmissionStore,
    JobStore,
    ClaimStore,
    ChangeStore,
    ProgressStore,
    OutputStore,
    EventStore,
    UploadStore,
    UploadExpiryStore,
    TimingStore,
    RetentionStore,
    NoticeStore,
    AccountStore,
    TokenStore,
    ShareStore,
):
    """Jobs and all that is known about them, and who may do what.

    Every method is one transaction (bulk records of progress are several): when it returns, what it changed survives a
    crash. Every method may raise `StoreFull` (disk full, nothing kept) or `StoreUnavailable` (locked too long,
    unreachable).
    """

    def migrate(self) -> int:
        """Bring the tables up to date; return how many changes were applied. Any number of processes may call it."""
        return migrate(self._database)

    def ping(self) -> None:
        """Ask the database for an answer.

        Raises:
            StoreUnavailable: there is none.
        """
        with self._database.reading() as session:
            session.sql("SELECT 1")

    def close(self) -> None:
        """Close the connections that no call is using. The store stays usable."""
        self._database.close()


def open_store(database_url: str, busy_seconds: float = 10.0) -> Store:
    """Return the store of `sqlite:///PATH` or `postgresql://...`. Connects at the first call, not before.

    Args:
        database_url: which database.
        busy_seconds: how long a call waits for other writers, or for a connection, before it is `StoreUnavailable`.

    Raises:
        StoreError: the URL names no database that can be used.
    """
    return Store(Database(database_url, busy_seconds))
