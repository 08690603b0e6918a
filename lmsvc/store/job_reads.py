"""Looking at jobs."""

from collections.abc import Collection, Mapping

from peewee import Expression, ModelSelect, fn

from lmsvc.jobs.states import JobState
from lmsvc.store.base import HEAD, Part, cursor_number, read_job, to_head
from lmsvc.store.fairness import Load, jobs_ahead
from lmsvc.store.load import read_load
from lmsvc.store.models import Jobs, JobTags
from lmsvc.store.records import Job, JobFilter, JobHead, Page

_EVERY = JobFilter()


class JobStore(Part):
    """Reading of jobs."""

    def job(self, job_id: str) -> Job | None:
        """Return a job with its document."""
        with self._database.reading() as session:
            return read_job(session, job_id)

    def head(self, job_id: str) -> JobHead | None:
        """Return a job without its document: quick however large the document is."""
        with self._database.reading() as session:
            row = session.one(Jobs.select(*HEAD).where(Jobs.id == job_id))
        return to_head(row) if row else None

    def jobs(self, wanted: JobFilter = _EVERY, cursor: str | None = None, limit: int = 50) -> Page[JobHead]:
        """Return a page of jobs, the newest first.

        Raises:
            BadCursor: the cursor was not made by this store.
        """
        query = _filtered(wanted).order_by(Jobs.seq.desc()).limit(limit)
        if cursor is not None:
            query = query.where(Jobs.seq < cursor_number(cursor))
        with self._database.reading() as session:
            heads = tuple(to_head(row) for row in session.all(query))
        return Page(heads, str(heads[-1].seq) if heads and len(heads) == limit else None)

    def owner(self, job_id: str) -> str | None:
        """Return whose job this is, None where there is no such job."""
        with self._database.reading() as session:
            row = session.one(Jobs.select(Jobs.user).where(Jobs.id == job_id))
        return str(row["user"]) if row else None

    def counts(self, user: str | None = None) -> Mapping[JobState, int]:
        """Return how many jobs are in each state, of one user or of all."""
        query = Jobs.select(Jobs.state, fn.COUNT(Jobs.seq).alias("jobs")).group_by(Jobs.state)
        if user is not None:
            query = query.where(Jobs.user == user)
        with self._database.reading() as session:
            found = {JobState(row["state"]): int(row["jobs"]) for row in session.all(query)}
        return {state: found.get(state, 0) for state in JobState}

    def queue_position(self, job_id: str) -> int | None:
        """Return a queued job's place in the order of service, 1 is next; None if the job is not queued."""
        return self.queue_positions([job_id]).get(job_id)

    def queue_positions(self, job_ids: Collection[str]) -> Mapping[str, int]:
        """Return the places of those of some jobs that are queued, by id."""
        own = Jobs.alias()
        earlier = own.select(fn.COUNT(own.seq)).where(
            (own.state == JobState.QUEUED) & (own.user == Jobs.user) & (own.seq < Jobs.seq)
        )
        query = Jobs.select(Jobs.id, Jobs.user, earlier.alias("own_ahead"))
        with self._database.reading() as session:
            rows = session.all(query.where(Jobs.id.in_(list(job_ids)) & (Jobs.state == JobState.QUEUED)))
            load = read_load(session) if rows else Load({}, {}, {})
        known = [row for row in rows if row["user"] in load.waiting]
        return {row["id"]: 1 + jobs_ahead(load, row["user"], row["own_ahead"]) for row in known}


def _filtered(wanted: JobFilter) -> "ModelSelect[Jobs]":
    query = Jobs.select(*HEAD)
    for condition in _conditions(wanted):
        query = query.where(condition)
    return query


def _conditions(wanted: JobFilter) -> list[Expression]:
    conditions = []
    if wanted.user is not None:
        conditions.append(Jobs.user == wanted.user)
    if wanted.state is not None:
        conditions.append(Jobs.state == wanted.state)
    if wanted.tag is not None:
        conditions.append(Jobs.id.in_(JobTags.select(JobTags.job_id).where(JobTags.tag == wanted.tag)))
    if wanted.text:
        conditions.append(_says(wanted.text))
    return conditions


def _says(text: str) -> Expression:
    """Return the condition that name, user or a tag of a job holds a text, or that its id begins with it."""
    tagged = JobTags.select(JobTags.job_id).where(JobTags.tag.contains(text))
    return Jobs.name.contains(text) | Jobs.user.contains(text) | Jobs.id.startswith(text) | Jobs.id.in_(tagged)
