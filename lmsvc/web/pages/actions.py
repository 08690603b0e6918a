"""What the buttons of a job's page do; each leads back to a page that shows it."""

from flask import Response, url_for

from lmsvc.web.jobs import cancel_job, delete_job, retry_job
from lmsvc.web.operations import Answer, Operation
from lmsvc.web.pages.rendering import to


def cancel_from_page(job_id: str) -> Response:
    """Cancel a job by a page's button."""
    cancel_job(job_id)
    return to(url_for("job_page", job_id=job_id))


def retry_from_page(job_id: str) -> Response:
    """Retry a job by a page's button."""
    retry_job(job_id)
    return to(url_for("job_page", job_id=job_id))


def delete_from_page(job_id: str) -> Response:
    """Delete a job by a page's button."""
    delete_job(job_id)
    return to(url_for("jobs_page"))


_DONE = {303: Answer("Done; the page shows it.", media_type=None, headers={"Location": "the page"})}

OPERATIONS = (
    Operation("POST", "/jobs/{job_id}/cancel", cancel_from_page, "pages", _DONE, (404, 409)),
    Operation("POST", "/jobs/{job_id}/retry", retry_from_page, "pages", _DONE, (404, 409)),
    Operation("POST", "/jobs/{job_id}/delete", delete_from_page, "pages", _DONE, (404, 409)),
)
