"""What the buttons of a job's page do; each leads back to a page that shows it."""

import re
import time

from flask import Response, request, url_for

from lmsvc.web.jobs import cancel_job, delete_job, retry_job
from lmsvc.web.operations import Answer, Operation
from lmsvc.web.pages.rendering import to
from lmsvc.web.problems import Problem, not_found
from lmsvc.web.services import services

MOST_TAGS = 20
TAG_LENGTH = 64
TAG = re.compile(rf"[^\x00-\x1f\x7f,]{{1,{TAG_LENGTH}}}")


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


def tags_from_page(job_id: str) -> Response:
    """Give a job the tags of a page's form."""
    texts = [text.strip() for text in request.form.get("tags", "").split(",")]
    tags = tuple(dict.fromkeys(text for text in texts if text))
    if len(tags) > MOST_TAGS or any(not TAG.fullmatch(tag) for tag in tags):
        detail = f"At most {MOST_TAGS} tags, each of at most {TAG_LENGTH} characters without control characters."
        raise Problem(422, "invalid-document", detail)
    if not services().store.set_tags(job_id, tags, time.time()):
        raise not_found(f"There is no job {job_id}.")
    return to(url_for("job_page", job_id=job_id))


_DONE = {303: Answer("Done; the page shows it.", media_type=None, headers={"Location": "the page"})}

OPERATIONS = (
    Operation("POST", "/jobs/{job_id}/cancel", cancel_from_page, "pages", _DONE, (404, 409)),
    Operation("POST", "/jobs/{job_id}/retry", retry_from_page, "pages", _DONE, (404, 409)),
    Operation("POST", "/jobs/{job_id}/delete", delete_from_page, "pages", _DONE, (404, 409)),
    Operation("POST", "/jobs/{job_id}/tags", tags_from_page, "pages", _DONE, (404, 422)),
)
