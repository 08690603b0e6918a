"""``lmsvc cancel``, ``retry`` and ``delete`` against a real web service."""

from lmsvc.jobs.states import JobState
from tests.cli.conftest import Commands


def test_a_queued_job_is_cancelled_at_once(lmsvc: Commands) -> None:
    """Nothing runs, so the state is final when the command returns."""
    job_id = lmsvc.site.queued()
    ran = lmsvc("cancel", job_id)
    assert (ran.code, "cancelled" in ran.out) == (0, True)
    job = lmsvc.site.store.job(job_id)
    assert job is not None
    assert job.state is JobState.CANCELLED


def test_a_running_job_is_asked_to_end(lmsvc: Commands) -> None:
    """The controller ends it, so the command says that it will be."""
    assert "will be cancelled" in lmsvc("cancel", lmsvc.site.running()).out


def test_a_failed_job_is_queued_again(lmsvc: Commands) -> None:
    """A retry is a new attempt of the same job."""
    job_id = lmsvc.site.ended(JobState.FAILED)
    ran = lmsvc("retry", job_id)
    assert (ran.code, "queued, attempt 2" in ran.out) == (0, True)


def test_only_finished_jobs_are_deleted(lmsvc: Commands) -> None:
    """A running job is refused with exit 5; a finished one is gone."""
    running, ended = lmsvc.site.running(), lmsvc.site.ended()
    assert lmsvc("delete", running).code == 5
    assert lmsvc("delete", ended).code == 0
    assert lmsvc("status", ended).code == 4
