"""How much a user may have, and has."""

from lmsvc.jobs.states import JobState
from lmsvc.store.accounts_records import Quota
from lmsvc.web.access import Identity, account_of, identity
from lmsvc.web.problems import Problem
from lmsvc.web.services import services


def site_quota() -> Quota:
    """Return what the site allows users who have no bounds of their own."""
    return Quota(**services().settings.quota.model_dump())


def quota_of(who: Identity) -> Quota:
    """Return what holds for somebody; 0 is no bound."""
    if who.by == "machine":
        return Quota().over(site_quota(), admin=True)
    user = account_of(who)
    admin = user.admin if user else who.admin
    return (user.quota if user else Quota()).over(site_quota(), admin=admin)


def used_jobs(user: str) -> int:
    """Return how many jobs of a user wait or run."""
    counts = services().store.counts(user)
    return counts[JobState.QUEUED] + counts[JobState.RUNNING]


def used_bytes(user: str) -> int:
    """Return how many bytes a user's uploads and packages have together."""
    store = services().store
    return store.upload_bytes(user) + store.package_bytes(user)


def require_bytes(more: int = 0) -> None:
    """Refuse more bytes than the user who asks may have.

    Raises:
        Problem: 403.
    """
    bound = quota_of(identity()).bytes
    if bound and used_bytes(identity().user) + more > bound:
        detail = f"Your uploads and packages may have {bound} bytes together: delete what you no longer need."
        raise Problem(403, "quota-exceeded", detail)


def require_tasks(tasks: int | None, quota: Quota) -> None:
    """Refuse a job of more tasks than its user may have in one.

    Raises:
        Problem: 403.
    """
    if quota.tasks and tasks is not None and tasks > quota.tasks:
        raise Problem(403, "quota-exceeded", f"The job has {tasks} tasks; one of yours may have {quota.tasks}.")


def too_many_jobs(bound: int) -> Problem:
    """Return the answer to a job beyond those a user may have waiting or running."""
    detail = f"{bound} of your jobs wait or run, which is as many as you may have. Send it when one is over."
    return Problem(429, "quota-exceeded", detail, headers={"Retry-After": "30"})
