"""Which jobs have something to be told, and what was told."""

from typing import Any

from lmsvc.store.base import HEAD, Part, to_head
from lmsvc.store.models import Events, Jobs
from lmsvc.store.records import JobHead

NOTICE_EVENT = "notice"


class NoticeStore(Part):
    """Jobs that name somebody to be told."""

    def to_tell(self, since: float, now: float) -> tuple[JobHead, ...]:
        """Return jobs with somebody to be told that ended since a time, or whose results go soon and that was said.

        Args:
            since: epoch seconds; what is older is told no more.
            now: epoch seconds; what has expired already is no warning.
        """
        named = Jobs.select(*HEAD).where(Jobs.notify.is_null(False))
        ended, warned = named.where(Jobs.ended >= since), named.where(Jobs.expiry_warned & (Jobs.expires > now))
        with self._database.reading() as session:
            found = {row["seq"]: to_head(row) for query in (ended, warned) for row in session.all(query)}
        return tuple(found[seq] for seq in sorted(found))

    def notices(self, job_id: str) -> tuple[dict[str, Any], ...]:
        """Return what came of the notices of a job, the data of its `notice` events."""
        query = Events.select(Events.data).where((Events.job_id == job_id) & (Events.kind == NOTICE_EVENT))
        with self._database.reading() as session:
            return tuple(row["data"] for row in session.all(query.order_by(Events.seq)))
