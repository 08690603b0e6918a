"""Share links: anybody who has one may read one job, without signing in."""

import secrets
import time
from typing import Annotated

from flask import Response, request, url_for
from pydantic import BaseModel, Field

from lmsvc.store.accounts_records import Share
from lmsvc.web import sessions
from lmsvc.web.access import identity
from lmsvc.web.answers import json_answer
from lmsvc.web.bodies import Moment
from lmsvc.web.operations import Answer, Operation, Query
from lmsvc.web.pages.rendering import HTML, to
from lmsvc.web.problems import not_found
from lmsvc.web.services import services
from lmsvc.web.signin import access
from lmsvc.web.status import head_or_404


class ShareQuery(Query):
    """How long the link is good."""

    days: Annotated[
        float | None, Field(gt=0, le=3650, allow_inf_nan=False, description="from now; default: the site's")
    ] = None


class ShareBody(BaseModel):
    """A link by which anybody may read a job."""

    url: str = Field(description="the job's page; it sets a cookie for all that belongs to the job")
    token: str = Field(description="as a token, it reads the job through the API")
    expires: Moment


def get_share(job_id: str) -> Response:
    """Show the link by which a job is shared."""
    head_or_404(job_id)
    found = shared(job_id)
    if found is None:
        raise not_found("The job is not shared.")
    return json_answer(share_body(found))


def share_job(job_id: str, query: ShareQuery) -> Response:
    """Make a link by which anybody may read a job until it expires.

    There is one link per job: asked for again it stays the same and expires later or sooner.
    """
    return json_answer(share_body(make_share(head_or_404(job_id).id, query.days)), 201)


def unshare_job(job_id: str) -> Response:
    """Make the link to a job worthless."""
    head_or_404(job_id)
    services().store.unshare(job_id)
    return Response(status=204)


def open_share(secret: str) -> Response:
    """Lead to a shared job."""
    now = time.time()
    found = services().store.share_by(secret, now)
    if found is None:
        access().note_failure()
        raise not_found("This link is not, or no longer, good. Ask who sent it for a new one.")
    answer = sessions.come_again(url_for("job_page", job_id=found.job_id))
    sessions.give_share(answer, found.job_id, secret, found.expires - now)
    return answer


def share_from_page(job_id: str) -> Response:
    """Share a job by a page's button."""
    make_share(head_or_404(job_id).id, None)
    return to(url_for("job_page", job_id=job_id) + "#share")


def unshare_from_page(job_id: str) -> Response:
    """Stop sharing a job by a page's button."""
    unshare_job(job_id)
    return to(url_for("job_page", job_id=job_id) + "#share")


def shared(job_id: str) -> Share | None:
    """Return the link of a job for those who may see it: who reads by the link is not told."""
    return None if identity().shared_job else services().store.share_of(job_id, time.time())


def make_share(job_id: str, days: float | None) -> Share:
    """Share a job for some days, or for as long as the site says."""
    now, seconds = time.time(), (days or services().settings.share_days) * sessions.DAY_SECONDS
    return services().store.share(Share(secrets.token_urlsafe(32), job_id, identity().user, now, now + seconds))


def share_body(share: Share) -> ShareBody:
    """Return a link as the API shows it."""
    url = request.host_url.rstrip("/") + url_for("open_share", secret=share.secret)
    return ShareBody.model_validate({"url": url, "token": share.secret, "expires": share.expires})


_SHARE = "/api/v1/jobs/{job_id}/share"
_DONE = {303: Answer("Done; the page shows it.", media_type=None, headers={"Location": "the page"})}

OPERATIONS = (
    Operation("GET", _SHARE, get_share, "jobs", {200: Answer("The link.", ShareBody)}, (404,)),
    Operation("POST", _SHARE, share_job, "jobs", {201: Answer("The link.", ShareBody)}, (400, 404), ShareQuery),
    Operation("DELETE", _SHARE, unshare_job, "jobs", {204: Answer("Gone.", media_type=None)}, (404,)),
    Operation(
        "GET",
        "/shared/{secret}",
        open_share,
        "pages",
        {200: Answer("It leads on to the job.", media_type=HTML)},
        (404, 429),
        public=True,
    ),
    Operation("POST", "/jobs/{job_id}/share", share_from_page, "pages", _DONE, (404,)),
    Operation("POST", "/jobs/{job_id}/unshare", unshare_from_page, "pages", _DONE, (404,)),
)
